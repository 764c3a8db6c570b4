import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { type GraphView, moved, zoomed } from './graph-view.js';

/** A hand that shakes a little while it clicks does not drag. */
const DRAG_FROM = 5;

/**
 * Dragging moves, the wheel and two fingers zoom. Gives whether the latest press was a drag, so that its end is not taken for a click.
 */
export function useGestures(
  canvas: RefObject<SVGSVGElement | null>,
  touch: (change: (view: GraphView) => GraphView) => void,
): RefObject<boolean> {
  const wasDrag = useRef(false);
  useEffect(() => {
    const element = canvas.current as SVGSVGElement;
    const fingers = new Map<number, { x: number; y: number }>();
    let began = { x: 0, y: 0 };
    const place = (event: PointerEvent | WheelEvent) => {
      const box = element.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    const onDown = (event: PointerEvent): void => {
      if (event.button !== 0) return;
      fingers.set(event.pointerId, place(event));
      if (fingers.size > 1) return;
      began = place(event);
      wasDrag.current = false;
    };
    const onMove = (event: PointerEvent): void => {
      const before = fingers.get(event.pointerId);
      if (before === undefined) return;
      const now = place(event);
      const isClick = fingers.size === 1 && !wasDrag.current && Math.hypot(now.x - began.x, now.y - began.y) < DRAG_FROM;
      if (isClick) return;
      if (!wasDrag.current) element.setPointerCapture(event.pointerId);
      wasDrag.current = true;
      const other = Array.from(fingers).find(([id]) => id !== event.pointerId)?.[1];
      fingers.set(event.pointerId, now);
      if (other === undefined) return touch((view) => moved(view, now.x - before.x, now.y - before.y));
      const factor =
        Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
      touch((view) => zoomed(view, factor, (now.x + other.x) / 2, (now.y + other.y) / 2));
    };
    const onUp = (event: PointerEvent): void => {
      fingers.delete(event.pointerId);
    };
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const { x, y } = place(event);
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 18 : 1;
      touch((view) => zoomed(view, Math.exp((-event.deltaY * lines) / 500), x, y));
    };
    element.addEventListener('pointerdown', onDown);
    element.addEventListener('pointermove', onMove);
    element.addEventListener('pointerup', onUp);
    element.addEventListener('pointercancel', onUp);
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      element.removeEventListener('pointerdown', onDown);
      element.removeEventListener('pointermove', onMove);
      element.removeEventListener('pointerup', onUp);
      element.removeEventListener('pointercancel', onUp);
      element.removeEventListener('wheel', onWheel);
    };
  }, []);
  return wasDrag;
}
