package import CustomerJourney

/// Where clients deliver: finds the dialect, unpacks, reads, judges, and answers when what came is
/// kept.
package struct FrontDoor: Sendable {
  /// What the collector needs of the house around it.
  package struct Surroundings: Sendable {
    /// The source that has one of these keys and is on.
    package var source: @Sendable (_ keys: [String]) -> CollectorSource?
    package var normaliser: @Sendable () -> Normaliser
    /// Makes a batch durable, and says what became of it. Throws a ``Refusal`` when it cannot.
    package var keep: @Sendable (CollectedBatch) async throws -> KeptOutcome
    /// Hears of every answer: what the dialect was, what became of the events, what it took.
    package var noted: @Sendable (Note) -> Void

    package init(
      source: @escaping @Sendable ([String]) -> CollectorSource?,
      normaliser: @escaping @Sendable () -> Normaliser,
      keep: @escaping @Sendable (CollectedBatch) async throws -> KeptOutcome,
      noted: @escaping @Sendable (Note) -> Void = { _ in }
    ) {
      self.source = source
      self.normaliser = normaliser
      self.keep = keep
      self.noted = noted
    }
  }

  /// One answered request.
  package struct Note: Sendable {
    package var dialect: String
    package var source: String?
    package var status: Int
    /// The code of the refusal; nil when the request was taken in.
    package var refusal: String?
    /// What is stored now; empty when the request was refused.
    package var batch: CollectedBatch
    package var outcome: KeptOutcome

    package init(
      dialect: String, source: String? = nil, status: Int = 0, refusal: String? = nil,
      batch: CollectedBatch = CollectedBatch(), outcome: KeptOutcome = KeptOutcome()
    ) {
      self.dialect = dialect
      self.source = source
      self.status = status
      self.refusal = refusal
      self.batch = batch
      self.outcome = outcome
    }
  }

  package static let dialects: [any Dialect] = [
    SegmentDialect(), RudderStackDialect(), PostHogDialect(), SnowplowDialect(), MatomoDialect(),
    GA4Dialect(), CloudEventsDialect(),
  ]

  private let surroundings: Surroundings
  private let byPath: [String: any Dialect]

  package init(_ surroundings: Surroundings) {
    self.surroundings = surroundings
    var byPath: [String: any Dialect] = [:]
    for dialect in Self.dialects {
      for path in dialect.paths { byPath[path] = dialect }
    }
    self.byPath = byPath
  }

  /// All paths at which a dialect listens.
  package static var paths: [String] { dialects.flatMap(\.paths).sorted() }

  package func dialect(at path: String) -> (any Dialect)? { byPath[path] }

  /// Bytes of a packed body at this path.
  package func bodyBytes(at path: String) -> Int {
    byPath[path]?.bodyBytes ?? Limits.collectedBytes
  }

  /// Answers one request. The body may be packed as `content-encoding` says.
  package func receive(_ packed: CollectorRequest) async -> CollectorReply {
    switch judge(packed) {
    case .answered(let reply): return reply
    case .judged(let judged):
      do {
        return answer(judged, .success(try await surroundings.keep(judged.batch)))
      } catch {
        return answer(judged, .failure(error))
      }
    }
  }

  /// A request that was read and judged: what is to be kept of it, and what its answer needs.
  package struct Judged: Sendable {
    package let batch: CollectedBatch
    fileprivate let dialect: any Dialect
    /// As it came, for a refusal, and unpacked.
    fileprivate let packed: CollectorRequest
    fileprivate let request: CollectorRequest
    /// Nil where nothing of it could be read, and the refusal that says so.
    fileprivate var delivery: Delivery?
    fileprivate var refusal: Refusal?
    fileprivate var source: String
  }

  package enum Step: Sendable {
    /// Nothing is to be kept.
    case answered(CollectorReply)
    /// Answered by ``answer(_:_:)`` when its batch is kept, or cannot be.
    case judged(Judged)
  }

  /// All of ``receive(_:)`` but waiting for the disk, for those who wait in their own way.
  package func judge(_ packed: CollectorRequest) -> Step {
    guard let dialect = byPath[packed.path] else { return .answered(Refusal.notFound.reply) }
    do {
      switch try step(packed, dialect) {
      case .judged(let judged): return .judged(judged)
      case .answered(let reply):
        surroundings.noted(Note(dialect: dialect.name, status: reply.status))
        return .answered(reply)
      }
    } catch {
      let refusal = error as? Refusal ?? .unavailable
      return .answered(refused(packed, dialect, refusal, Note(dialect: dialect.name)))
    }
  }

  /// The answer when the batch is kept, or cannot be.
  package func answer(
    _ judged: Judged, _ kept: Result<KeptOutcome, any Error>
  ) -> CollectorReply {
    let (batch, dialect) = (judged.batch, judged.dialect)
    var note = Note(dialect: dialect.name, source: judged.source)
    switch kept {
    case .failure(let error):
      return refused(judged.packed, dialect, error as? Refusal ?? .unavailable, note)
    case .success(let outcome):
      note.outcome = outcome
      note.batch = batch
    }
    guard let delivery = judged.delivery else {
      return refused(judged.packed, dialect, judged.refusal ?? .unavailable, note)
    }
    let reply = dialect.reply(
      to: judged.request, delivery: delivery,
      outcome: DeliveryOutcome(
        accepted: batch.touchpoints.count + batch.profiles.count + batch.leftOut,
        rejected: batch.rejected.count + batch.unkept.values.reduce(0, +)))
    note.status = reply.status
    surroundings.noted(note)
    return reply
  }

  private func refused(
    _ request: CollectorRequest, _ dialect: any Dialect, _ refusal: Refusal, _ note: Note
  ) -> CollectorReply {
    let reply = dialect.reply(to: request, refusal: refusal)
    var note = note
    note.refusal = refusal.code
    note.status = reply.status
    surroundings.noted(note)
    return reply
  }

  /// An answer to a body that was larger than ``bodyBytes(at:)`` before it was read to its end.
  package func tooLarge(_ request: CollectorRequest) -> CollectorReply {
    guard let dialect = byPath[request.path] else { return Refusal.notFound.reply }
    let refusal = Refusal.tooLarge(bytes: dialect.bodyBytes)
    let reply = dialect.reply(to: request, refusal: refusal)
    surroundings.noted(
      Note(dialect: dialect.name, status: reply.status, refusal: refusal.code))
    return reply
  }

  private func step(_ packed: CollectorRequest, _ dialect: any Dialect) throws -> Step {
    guard dialect.methods.contains(packed.method) else {
      throw Refusal.method(allowed: dialect.methods.joined(separator: ", "))
    }
    var request = packed
    request.body = try Unpacking.unpacked(
      packed.body, encoding: packed.headers["content-encoding"], limit: dialect.bodyBytes)
    let keysOutside = dialect.keys(of: request)
    var delivery: Delivery
    do {
      delivery = try Self.read(request, dialect)
    } catch {
      // Only of a known source, so that strangers cannot fill the disk with nonsense.
      guard let source = surroundings.source(keysOutside),
        let batch = whole(request, of: source, dialect, error)
      else { throw error }
      return .judged(
        Judged(
          batch: batch, dialect: dialect, packed: packed, request: request, refusal: error,
          source: source.name))
    }
    if delivery.isQuestion {
      return .answered(dialect.reply(to: request, delivery: delivery, outcome: DeliveryOutcome()))
    }
    guard let source = surroundings.source(keysOutside + delivery.keys) else { throw Refusal.key }
    let batch = batch(of: &delivery, in: request, dialect, source)
    return .judged(
      Judged(
        batch: batch, dialect: dialect, packed: packed, request: request, delivery: delivery,
        source: source.name))
  }

  /// What cannot be read is the client's mistake, whatever the dialect threw: told to come again, it
  /// would come for ever.
  private static func read(
    _ request: CollectorRequest, _ dialect: any Dialect
  ) throws(Refusal) -> Delivery {
    do {
      return try dialect.read(request)
    } catch let refusal as Refusal {
      throw refusal
    } catch let problem as JSONProblem {
      throw .malformed(reason: "it is no JSON that can be read (\(problem.reason))")
    } catch {
      throw .malformed(reason: "it has not the form of its protocol")
    }
  }

  /// A request of which nothing can be read is kept as one rejected event.
  private func whole(
    _ request: CollectorRequest, of source: CollectorSource, _ dialect: any Dialect,
    _ refusal: Refusal
  ) -> CollectedBatch? {
    guard case .malformed(let reason) = refusal, !request.body.isEmpty || !request.query.isEmpty
    else { return nil }
    return CollectedBatch(rejected: [
      RejectedEvent(
        kind: .rejected, source: source.name, dialect: dialect.name, reason: reason,
        received: request.received,
        request: request.kept(without: dialect.secrets, isUnread: true))
    ])
  }

  /// Judges all events of a delivery, and takes them out of it. Also what replay does, with a request
  /// that was kept.
  package func batch(
    of delivery: inout Delivery, in request: CollectorRequest, _ dialect: any Dialect,
    _ source: CollectorSource
  ) -> CollectedBatch {
    let normaliser = surroundings.normaliser()
    let facts = normaliser.context.facts(of: request)
    var batch = CollectedBatch()
    var events = exchange(&delivery.events, with: [])
    batch.touchpoints.reserveCapacity(events.count)
    var rejected = delivery.rejected.map {
      (index: $0.index, reason: $0.reason, kind: RejectedEvent.Kind.rejected)
    }
    for at in events.indices {
      let rejection = normaliser.judge(
        taking: &events[at], of: request, facts: facts, source: source, into: &batch)
      if let (kind, reason) = rejection { rejected.append((events[at].index, reason, kind)) }
    }
    if facts.privacyControl, source.mapping.claimant == .browser {
      // Of such a browser nothing is kept to be read again: it has the ids in it.
      batch.rejected += rejected.map { one in
        RejectedEvent(
          kind: one.kind, source: source.name, dialect: dialect.name, reason: one.reason,
          received: request.received,
          request: KeptRequest(method: request.method, path: request.path, isCut: true))
      }
    } else {
      keep(rejected, of: request, dialect, source, in: &batch)
    }
    return batch
  }

  /// Rejected events of one request that are made at once.
  private static let chunk = 256

  /// Keeps rejected events whole up to ``Limits/rejectedRequestBytes``, and of the others how many
  /// they were.
  private func keep(
    _ rejected: [(index: Int, reason: String, kind: RejectedEvent.Kind)],
    of request: CollectorRequest, _ dialect: any Dialect, _ source: CollectorSource,
    in batch: inout CollectedBatch
  ) {
    func event(
      _ kind: RejectedEvent.Kind, _ reason: String, _ kept: KeptRequest
    ) -> RejectedEvent {
      RejectedEvent(
        kind: kind, source: source.name, dialect: dialect.name, reason: reason,
        received: request.received, request: kept)
    }
    var rest = rejected[...]
    var bytes = 0
    while !rest.isEmpty, bytes < Limits.rejectedRequestBytes {
      let part = rest.prefix(Self.chunk)
      for (one, single) in zip(part, dialect.singles(part.map(\.index), of: request))
      where bytes < Limits.rejectedRequestBytes {
        let kept = single.kept(without: dialect.secrets)
        bytes += kept.body.utf8.count + kept.query.utf8.count
        batch.rejected.append(event(one.kind, one.reason, kept))
        rest.removeFirst()
      }
    }
    for kind in RejectedEvent.Kind.allCases {
      let others = rest.filter { $0.kind == kind }
      guard let first = others.first else { continue }
      // It stands for one of them itself.
      batch.unkept[kind] = others.count - 1
      batch.rejected.append(
        event(
          kind,
          "\(first.reason); so or otherwise wrong were \(others.count) events that are not kept, for "
            + "the request had more than \(Limits.rejectedRequestBytes) bytes of such: send fewer "
            + "at once",
          KeptRequest(method: request.method, path: request.path, isCut: true)))
    }
  }
}
