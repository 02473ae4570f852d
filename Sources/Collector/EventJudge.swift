import CustomerJourney

/// Judges events of a file as the front door judges those that are sent, and says what they became
/// as rows.
///
/// A file has no moment of arrival: an event came in when it happened unless the file says when, so
/// that no clock is corrected against today.
struct EventJudge {
  let normaliser: Normaliser
  let source: CollectorSource
  let now: Timestamp

  /// A request that came in at `moment`; never later than now, so that what lies ahead is found.
  func request(at moment: Timestamp) -> CollectorRequest {
    CollectorRequest(method: "POST", path: "/", received: min(moment, now))
  }

  /// When an event happened by its own field, or where the source's mapping says.
  func moment(of event: ClientEvent) -> Timestamp? {
    if let occurred = event.occurred { return occurred }
    var mapped = event
    source.mapping.apply(to: &mapped)
    return mapped.occurred
  }

  func rows(
    of event: ClientEvent, in request: CollectorRequest, part: String, line: Int,
    excerpt: () -> String
  ) -> [ImportedRow] {
    var event = event
    var batch = CollectedBatch()
    let rejection = normaliser.judge(
      taking: &event, of: request, facts: normaliser.context.facts(of: request), source: source,
      into: &batch)
    if let rejection {
      return [
        .rejected(
          RejectedRow(
            part: part, line: line, reason: rejection.reason, text: excerpt(),
            isExpected: rejection.kind == .bot))
      ]
    }
    guard batch.leftOut == 0 else {
      return [
        .rejected(
          RejectedRow(
            part: part, line: line, reason: "is left out by the source's mapping", text: "",
            isExpected: true))
      ]
    }
    return batch.touchpoints.map { .touchpoint($0, line: line) }
      + batch.profiles.map { .profile($0, line: line) } + batch.consents.map { .consent($0) }
  }
}
