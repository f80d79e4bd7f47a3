// ky with zod, as their documentations have it: a client that checks what it gets.
import ky from "ky";
import * as z from "zod";

export const name = "ky + zod";

const Access = z.object({ app: z.string(), admin: z.boolean(), permission_set_id: z.string() });
const User = z.object({
  id: z.int(),
  name: z.string(),
  default_currency: z.string(),
  locale: z.string(),
  lang: z.int(),
  email: z.string(),
  phone: z.string().nullable(),
  activated: z.boolean().optional(),
  last_login: z.string().nullable(),
  created: z.string(),
  modified: z.string().nullable(),
  has_created_company: z.boolean(),
  access: z.array(Access).optional(),
  active_flag: z.boolean(),
  timezone_name: z.string(),
  timezone_offset: z.string().optional(),
  role_id: z.int(),
  icon_url: z.string().nullable(),
  is_you: z.boolean(),
  is_deleted: z.boolean().optional(),
});
const One = z.object({ success: z.literal(true), data: User });
const Many = z.object({ success: z.literal(true), data: z.array(User) });

export function open({ url, token }) {
  const api = ky.create({ prefixUrl: url, headers: { "x-api-token": token } });
  return {
    getUser: async (id) => One.parse(await api.get(`v1/users/${id}`).json()).data,
    getUsers: async () => Many.parse(await api.get("v1/users").json()).data,
  };
}
