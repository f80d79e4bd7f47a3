import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { pipedrive } from "./pipedrive.js";

export default defineConfig({ plugins: [react(), pipedrive()] });
