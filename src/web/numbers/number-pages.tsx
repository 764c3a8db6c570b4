import type { NumberRoute } from '../router.js';

/** Entry of the part of the pages that is about numbers; loaded when one of them is opened. */
export function NumberPages({ route }: { route: NumberRoute }) {
  return <main class="sheet">{route.page}</main>;
}
