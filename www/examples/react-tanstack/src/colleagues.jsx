import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { UsersClient } from "pipedrive-users";
import { useState } from "react";
import { queriesOf } from "./queries.js";

const queries = queriesOf(new UsersClient({ baseUrl: "/pipedrive" }));

export function Colleagues() {
  const [selected, select] = useState(1);
  const users = useQuery(queries.users());
  if (users.isPending) return <p>Loading …</p>;
  if (users.isError) return <p role="alert">{users.error.message}</p>;
  return (
    <main>
      <h1>Colleagues</h1>
      <ul>
        {users.data.map((user) => (
          <li key={user.id}>
            <button onClick={() => select(user.id)}>{user.name}</button>
          </li>
        ))}
      </ul>
      <Followers id={selected} />
    </main>
  );
}

function Followers({ id }) {
  const followers = useInfiniteQuery(queries.followers(id));
  if (followers.isError) return <p role="alert">{followers.error.message}</p>;
  const items = followers.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section>
      <h2>Followers of user {id}</h2>
      <p>{items.map(({ user_id }) => user_id).join(", ") || "none"}</p>
      {followers.hasNextPage && <button onClick={() => followers.fetchNextPage()}>More</button>}
    </section>
  );
}
