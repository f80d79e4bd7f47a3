import { defineConfig } from "vite";
import { pipedrive } from "./pipedrive.js";

export default defineConfig({ plugins: [pipedrive()] });
