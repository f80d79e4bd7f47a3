// Assertions that only the compiler looks at.

/** Whether two types are the same, `any` and `readonly` distinguished. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Does not compile unless its argument is `true`. */
export type Expect<T extends true> = T;

export type IsAny<T> = 0 extends 1 & T ? true : false;
export type IsOptional<T, K extends keyof T> = {} extends Pick<T, K> ? true : false;
export type Not<T extends boolean> = T extends true ? false : true;
