import { CLASSES, type ErrorFields, type ErrorKind } from "./generated/errors.js";
import type { OperationId } from "./generated/operations.js";
import { isBranded, PipedriveError } from "./pipedrive-error.js";

export * from "./generated/errors.js";
export { PipedriveError };

const classes = /* @__PURE__ */ named(CLASSES satisfies Record<ErrorKind, typeof PipedriveError>);

/** Names the classes by hand, since minifiers change the names of classes. */
function named<Classes extends Record<string, typeof PipedriveError>>(classes: Classes): Classes {
  for (const [kind, error] of Object.entries({ pipedrive: PipedriveError, ...classes })) {
    const value = kind.replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase()) + "Error";
    for (const target of [error, error.prototype]) Object.defineProperty(target, "name", { value, configurable: true });
    Object.defineProperty(error, "kind", { value: error === PipedriveError ? undefined : kind });
  }
  return classes;
}

/** An error of any kind: a union over `kind`, so that `switch (error.kind)` narrows. */
export type AnyPipedriveError = InstanceType<(typeof classes)[ErrorKind]>;

/** Makes the error of a kind. */
export const makeError = (message: string, fields: ErrorFields): PipedriveError => new classes[fields.kind](message, fields);

/** Makes the error of an operation, where there is one. */
export const operationError = (operation: OperationId | undefined, kind: ErrorKind, text: string, more?: Partial<ErrorFields>): PipedriveError =>
  makeError((operation ? operation + ": " : "") + text, { kind, operation, ...more });

/** The error for what a getter, a proxy or a method of what was given throws. */
export const unreadable = (thrown: unknown, kind: ErrorKind, operation?: OperationId): PipedriveError =>
  isPipedriveError(thrown) ? thrown : operationError(operation, kind, "what was given is not readable");

/** Returns whether a value is an error of this package, and of a kind where one is given. Works across copies of the package. */
export function isPipedriveError(error: unknown): error is AnyPipedriveError;
export function isPipedriveError<Kind extends ErrorKind>(error: unknown, kind: Kind): error is InstanceType<(typeof classes)[Kind]>;
export function isPipedriveError(error: unknown, kind?: ErrorKind): boolean {
  return isBranded(error, kind);
}
