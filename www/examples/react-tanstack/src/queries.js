import { infiniteQueryOptions, QueryClient, queryOptions } from "@tanstack/react-query";

/** The Pipedrive client retries by itself: a second layer of retries would multiply requests and costs. */
export const createQueryClient = () => new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 60_000 } } });

/** The queries of a client. The signal ends the call of a query that nobody waits for any more. */
export const queriesOf = (client) => ({
  users: () => queryOptions({ queryKey: ["users"], queryFn: ({ signal }) => client.getUsers({ signal }) }),
  user: (id) => queryOptions({ queryKey: ["user", id], queryFn: ({ signal }) => client.getUser(id, { signal }) }),
  followers: (id) =>
    infiniteQueryOptions({
      queryKey: ["followers", id],
      queryFn: async ({ pageParam, signal }) => {
        const page = await client.getUserFollowers(id, { limit: 10, cursor: pageParam, signal });
        return { items: page.items, nextCursor: page.nextCursor }; // data alone, so that it can be stored and sent
      },
      initialPageParam: undefined,
      getNextPageParam: (page) => page.nextCursor,
    }),
});
