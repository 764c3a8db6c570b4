/** Keeps the screen of a wall on, as far as the browser lets us; asked again whenever the page is seen again. Returns the function that ends it. */
export function stayAwake(): () => void {
  let held: WakeLockSentinel | null = null;
  let isOver = false;
  const ask = (): void => {
    if (document.hidden || isOver || !('wakeLock' in navigator)) return;
    navigator.wakeLock.request('screen').then(
      (lock) => {
        if (isOver) void lock.release();
        else held = lock;
      },
      // Refused, as on a battery that runs low: the wall does without.
      () => undefined,
    );
  };
  ask();
  document.addEventListener('visibilitychange', ask);
  return () => {
    isOver = true;
    document.removeEventListener('visibilitychange', ask);
    void held?.release();
  };
}
