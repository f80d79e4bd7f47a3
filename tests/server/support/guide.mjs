/** The files that BACKEND.md shows, by name. */
export const filesOf = (guide) => new Map([...guide.matchAll(/`([\w./-]+)`[^`]*:\n\n```\w+\n([^]*?)^```$/gm)].map(([, name, text]) => [name, text]).filter(([name]) => /[./]/.test(name)));
