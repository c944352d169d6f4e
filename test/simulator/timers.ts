/** All one-shot timers of a simulator, so that closing it leaves none behind. There is never one per idle session. */
export class Timers {
  private readonly running = new Set<NodeJS.Timeout>();

  after(delayMs: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.running.delete(timer);
      action();
    }, delayMs);
    this.running.add(timer);
  }

  clear(): void {
    for (const timer of this.running) clearTimeout(timer);
    this.running.clear();
  }
}
