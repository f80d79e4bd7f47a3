import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { UsersClient } from "pipedrive-users";
import { useState } from "react";

const client = new UsersClient({ baseUrl: "/pipedrive" });

export function Colleagues() {
  const [selected, select] = useState(1);
  const users = useQuery({ queryKey: ["users"], queryFn: ({ signal }) => client.getUsers({ signal }), retry: false });
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
  const followers = useInfiniteQuery({
    queryKey: ["followers", id],
    queryFn: async ({ pageParam, signal }) => {
      const page = await client.getUserFollowers(id, { limit: 10, cursor: pageParam, signal });
      return { items: page.items, nextCursor: page.nextCursor }; // data alone, so that it can be stored and sent
    },
    initialPageParam: undefined,
    getNextPageParam: (page) => page.nextCursor,
    retry: false,
  });
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
