// The models are as real records are: what is optional, what is null, what is open.
import type { Access, AccessApp, CurrentUser, Follower, Language, NewUser, RoleAssignment, RoleSettings, User, UserChanges, UserPermissions } from "pipedrive-users";
import type { Expect, IsAny, IsOptional, Not, Same } from "./assert.js";

type OptionalKeys<T> = { [K in keyof T]-?: IsOptional<T, K> extends true ? K : never }[keyof T];
type NullableKeys<T> = { [K in keyof T]-?: null extends T[K] ? K : never }[keyof T];

export type Models = [
  // What was missing in real records.
  Expect<Same<OptionalKeys<User>, "activated" | "access" | "timezone_offset" | "is_deleted" | "is_admin" | "signup_flow_variation">>,
  // What came null.
  Expect<Same<NullableKeys<User>, "phone" | "last_login" | "modified" | "icon_url" | "signup_flow_variation">>,
  Expect<Same<User["phone"], string | null>>,
  Expect<Same<User["last_login"], string | null>>,
  Expect<Same<User["id"], number>>,
  Expect<Same<User["active_flag"], boolean>>,
  Expect<Same<NonNullable<User["access"]>, Access[]>>,
  Expect<Same<OptionalKeys<Access>, never>>,
  Expect<Same<Access["admin"], boolean>>,
  Expect<Not<IsAny<Access["app"]>>>,

  Expect<CurrentUser extends User ? true : false>,
  Expect<Same<Exclude<OptionalKeys<CurrentUser>, OptionalKeys<User>>, "company_country" | "company_industry">>,
  Expect<Same<CurrentUser["company_id"], number>>,
  Expect<Same<CurrentUser["language"], Language>>,
  Expect<Same<Language, { language_code: string; country_code: string }>>,
  Expect<Same<Follower, { user_id: number; add_time: string }>>,

  Expect<Same<RoleAssignment["parent_role_id"], number | null>>,
  Expect<Same<RoleAssignment["type"], string>>,
  Expect<Same<OptionalKeys<RoleAssignment>, never>>,
  Expect<Same<OptionalKeys<RoleSettings>, keyof RoleSettings>>,
  Expect<Same<NewUser["email"], string>>,
  Expect<Same<OptionalKeys<NewUser>, "access" | "active_flag">>,
  Expect<Same<UserChanges, { active_flag: boolean }>>,

  // Enumerations are open, and yet the known values are offered.
  Expect<"app_of_2030" extends AccessApp ? true : false>,
  Expect<string extends AccessApp ? true : false>,
  Expect<Not<Same<AccessApp, string>>>,
  Expect<Not<number extends AccessApp ? true : false>>,
  Expect<9 extends NonNullable<RoleSettings["deal_default_visibility"]> ? true : false>,
  Expect<Not<"3" extends NonNullable<RoleSettings["deal_default_visibility"]> ? true : false>>,
];

type Permission =
  | "can_add_custom_fields" | "can_add_products" | "can_add_prospects_as_leads" | "can_bulk_edit_items" | "can_change_visibility_of_items" | "can_convert_deals_to_leads"
  | "can_create_own_workflow" | "can_delete_activities" | "can_delete_custom_fields" | "can_delete_deals" | "can_edit_custom_fields" | "can_edit_deals_closed_date"
  | "can_edit_products" | "can_edit_shared_filters" | "can_export_data_from_lists" | "can_follow_other_users" | "can_merge_deals" | "can_merge_organizations" | "can_merge_people"
  | "can_modify_labels" | "can_see_company_wide_statistics" | "can_see_deals_list_summary" | "can_see_hidden_items_names" | "can_see_other_users"
  | "can_see_other_users_statistics" | "can_see_security_dashboard" | "can_share_filters" | "can_share_insights" | "can_use_api" | "can_use_email_tracking" | "can_use_import";

declare const permissions: UserPermissions;
declare const user: User;

/** All 31, each of which may be missing; and one that came later can be read too. */
export function read(name: Permission): boolean | undefined {
  const known: boolean | undefined = permissions[name];
  const later = permissions["can_fly"];
  // @ts-expect-error it may be missing
  const surely: boolean = permissions.can_use_api;
  // @ts-expect-error it may be null
  const phone: string = user.phone;
  // @ts-expect-error it may be missing
  const access: Access[] = user.access;
  return known ?? Boolean(later ?? surely ?? phone ?? access);
}

/** A switch over the known values still needs a branch for those to come. */
export function appName(app: AccessApp): string {
  switch (app) {
    case "sales":
    case "nova":
      return app;
    default: {
      // @ts-expect-error there may be others
      const never: never = app;
      return never;
    }
  }
}
