// Reports problems that need no reaction of the program, such as a server that is away: each once a minute at most.

const SAME_AGAIN_MS = 60_000;
const MAX_REMEMBERED = 100;

export type ReportProblem = (problem: Error) => void;

/** Returns a function that passes problems on, but not the same again and again, and never throws. */
export function quietly(report: ReportProblem): ReportProblem {
  const reportedAt = new Map<string, number>();
  return (problem) => {
    const now = Date.now();
    const before = reportedAt.get(problem.message);
    if (before !== undefined && now - before < SAME_AGAIN_MS) return;
    if (reportedAt.size >= MAX_REMEMBERED) reportedAt.clear();
    reportedAt.set(problem.message, now);
    try {
      report(problem);
    } catch {
      // A report that fails is no reason to stop.
    }
  };
}

export const warn: ReportProblem = (problem) => console.warn(`rapporteur: ${problem.message}`);
