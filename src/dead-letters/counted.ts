/** `1 letter`, `2 letters`. */
export function counted(count: number): string {
  return `${count} ${count === 1 ? 'letter' : 'letters'}`;
}
