"use client";

import { UsersClient } from "pipedrive-users";
import { useEffect, useState } from "react";

const client = new UsersClient({ baseUrl: "/pipedrive" });

export function Me() {
  const [text, setText] = useState("");
  useEffect(() => {
    const controller = new AbortController();
    client.getCurrentUser({ signal: controller.signal }).then(
      (me) => setText(`You are ${me.name}.`),
      (error) => controller.signal.aborted || setText(error.message),
    );
    return () => controller.abort();
  }, []);
  return <p role="status">{text}</p>;
}
