// By which name a service is counted: its own, unless a class of clients has that.
// It exists so that records, gates and populations agree on it.

/** The name under which a service's own requests are counted: `heat`, or `heat-service` beside a class `heat`. */
export const senderOfService = (service: string, classes: readonly string[]): string =>
  classes.includes(service) ? `${service}-service` : service
