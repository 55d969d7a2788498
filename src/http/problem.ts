// Errors as programs read them: application/problem+json (RFC 9457) with a stable lower-case code.
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';

/** Answers with a problem; `detail` says what to do and never more than the caller may know. */
export function sendProblem(response: Response, status: number, code: string, detail: string): void {
  response.status(status).type('application/problem+json').json({ type: 'about:blank', status, code, detail });
}

export const notFound: RequestHandler = (request, response) => {
  sendProblem(response, 404, 'not_found', `there is nothing at ${request.method} ${request.path}`);
};

/** What nobody foresaw: the caller learns that it failed, the log why. */
export function unforeseen(log: (line: string) => void): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const status = statusOf(error);
    if (status >= 500)
      log(`${request.method} ${request.path}: ${error instanceof Error ? error.stack : String(error)}`);
    // What has begun to be sent can only be cut.
    if (response.headersSent) next(error);
    else if (status < 500) sendProblem(response, status, 'input_invalid', 'the request cannot be read');
    else sendProblem(response, 500, 'unforeseen', 'something unforeseen happened; the log of the server says what');
  };
}

/** Parsers give the status of what they refuse; everything else is ours. */
function statusOf(error: unknown): number {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : null;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}
