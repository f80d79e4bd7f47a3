export { ApiPromise } from "./api-promise.js";
export { cachedToken, type ExpiringToken } from "./cached-token.js";
export { preload, UsersClient } from "./client.js";
export {
  type AnyPipedriveError, ApiError, ArgumentError, AuthenticationError, BlockedError, ConfigError, ConnectionError, DecodeError, type ErrorFields, type ErrorKind,
  isPipedriveError, LoadError, NotFoundError, PermissionError, PipedriveError, RateLimitError, ServerError, TimeoutError,
  UnexpectedStatusError, ValidationError,
} from "./errors.js";
export type * from "./generated/models.js";
export {
  type Endpoint, ENDPOINTS, type FindUsersByNameOptions, type GetUserFollowersOptions, type GetUserRoleAssignmentsOptions, type NewAccess,
  type NewUser, type OperationId, type UserChanges, type UsersOperations,
} from "./generated/operations.js";
export { formattingLocale, identityKey, isAdmin, languageTag, parseTimestamp } from "./helpers.js";
export { CursorPage, OffsetPage, type Page, PagePromise } from "./pages.js";
export type * from "./types.js";
