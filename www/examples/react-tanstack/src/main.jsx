import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Colleagues } from "./colleagues.jsx";
import { createQueryClient } from "./queries.js";

const queryClient = createQueryClient();

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <Colleagues />
    </QueryClientProvider>
  </StrictMode>,
);
