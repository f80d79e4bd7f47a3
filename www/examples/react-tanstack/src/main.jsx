import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Colleagues } from "./colleagues.jsx";

// The Pipedrive client retries by itself: a second layer of retries would multiply requests and costs.
const queries = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 60_000 } } });

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <Colleagues />
    </QueryClientProvider>
  </StrictMode>,
);
