/** Line drawings of 24 by 24; a button that holds one has its own label. */
const PATHS = {
  close: "m6 6 12 12M18 6 6 18",
  restart: "M12 20h8M15.5 4.6a2 2 0 0 1 2.9 0l1 1a2 2 0 0 1 0 2.8L9 18.8 4 20l1.2-5z",
  send: "M12 19V5m-6.5 6.5L12 5l6.5 6.5",
  down: "M12 5v14m6.5-6.5L12 19l-6.5-6.5",
  copy: "M9 9h9.5a1.5 1.5 0 0 1 1.5 1.5V19a1.5 1.5 0 0 1-1.5 1.5H10.5A1.5 1.5 0 0 1 9 19zM5.5 15A1.5 1.5 0 0 1 4 13.5V5a1.5 1.5 0 0 1 1.5-1.5h8A1.5 1.5 0 0 1 15 5",
  check: "m5 12.5 4.5 4.5L19 7.5",
  helpful: "M7 10.5v9.5M3.5 10.5H7l4-7a2.3 2.3 0 0 1 2.3 2.7L12.8 9.5h5.4a2 2 0 0 1 2 2.4l-1.3 6.5a2 2 0 0 1-2 1.6H3.5z",
  unhelpful: "M17 13.5V4M20.5 13.5H17l-4 7a2.3 2.3 0 0 1-2.3-2.7l.5-3.3H5.8a2 2 0 0 1-2-2.4l1.3-6.5a2 2 0 0 1 2-1.6h13.4z",
  chevron: "m9 6 6 6-6 6",
  visit: "M13.5 4.5h6v6M19 5l-8 8M10 5.5H6.5A1.5 1.5 0 0 0 5 7v10.5A1.5 1.5 0 0 0 6.5 19H17a1.5 1.5 0 0 0 1.5-1.5V14",
  retry: "M4 12a8 8 0 1 0 2.5-5.8M4 4v4.5h4.5",
};

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg viewBox="0 0 24 24" class="icon" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
