import { proxy } from "../../../pipedrive.js";

export const GET = (request) => proxy(request);
export const POST = GET;
export const PUT = GET;
