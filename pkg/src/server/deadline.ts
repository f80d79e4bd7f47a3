/** Waits for work that may never end: after so many milliseconds, rejects with the error of `late`. */
export async function within<T>(milliseconds: number, work: () => T | Promise<T>, late: () => Error): Promise<T> {
  const result = work();
  if (typeof (result as PromiseLike<T> | undefined | null)?.then !== "function") return result;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds);
  });
  try {
    return await Promise.race([result, end]);
  } finally {
    clearTimeout(timer);
  }
}
