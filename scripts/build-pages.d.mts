export function buildPagesInto(target: string): Promise<void>;
