import CustomerJourney
import JourneyEngine
import Orchestration
import Store

/// What is asked of every message of a play at the moment of sending: whether what it is about still
/// holds, and whether the customer may be written to now.
struct PlayGate: Sendable {
  let workspace: Workspace

  /// What delivery asks just before a message goes.
  func check(_ message: Message, now: Timestamp) throws -> SendingCheck {
    do {
      // Read before what is decided by it: what comes meanwhile is then seen when it is handed over.
      var mark = try workspace.store.knowledge()
      let snapshot = try workspace.snapshot()
      mark.touchpoint = min(mark.touchpoint, snapshot.mark.row)
      mark.journeyChange = min(mark.journeyChange, snapshot.mark.change)
      mark.customer = try workspace.store.owner(of: message.intent.customer, at: now)
      switch try verdict(on: message, snapshot, now: now) {
      case .send: return .send(asOf: mark)
      case .wait(let until, let bar): return .putOff(until: until, MessageReason(bar.rawValue))
      case .skip(let bar): return .skip(MessageReason(bar.rawValue))
      }
    } catch is StaleJourney {
      return .putOff(until: now.adding(seconds: 1), MessageReason("journey-changed"))
    }
  }

  /// Asked by delivery with the newest that is known.
  func verdict(on message: Message, _ snapshot: Snapshot, now: Timestamp) throws -> MessageVerdict {
    try judged(message, snapshot, now: now).verdict
  }

  /// The same with what was read of the customer for it, and for `rules` besides; nil where the message's
  /// run was over already.
  func judged(
    _ message: Message, _ snapshot: Snapshot, now: Timestamp, reading rules: [Rule] = []
  ) throws -> (verdict: MessageVerdict, read: CustomerReader.Read?) {
    let store = workspace.store
    let origin = message.intent.origin
    var customer = message.intent.customer
    var play: Play?
    if let owned = try store.run(of: message) {
      customer = owned.customer
      switch owned.run.end?.reason {
      case nil, .done: break
      default: return (.skip(.over), nil)
      }
      guard
        let program = try workspace.plays.program(
          origin.play, version: origin.version, snapshot)
      else { return (.skip(.over), nil) }
      play = program.play
      let reader = try CustomerReader(
        [customer], snapshot, rules: program.rules + rules, runs: [:], library: workspace.plays)
      let read = try reader.read(customer)
      if PlayMachine(program).exit(of: owned.run, read.witness(program), now: now) != nil {
        return (.skip(.over), read)
      }
      // A basket out of which everything was taken is not left, but given up.
      if program.play.key == Basket.key,
        Basket(owned.run.key, of: read.customer.touchpoints)?.isEmptied == true
      {
        return (.skip(.over), read)
      }
      return (try decide(message, customer, play, read, snapshot, now), read)
    }
    let reader = try CustomerReader(
      [customer], snapshot, rules: rules, runs: [:], library: workspace.plays)
    let read = try reader.read(customer)
    return (try decide(message, customer, play, read, snapshot, now), read)
  }

  private func decide(
    _ message: Message, _ customer: Int64, _ play: Play?, _ read: CustomerReader.Read,
    _ snapshot: Snapshot, _ now: Timestamp
  ) throws -> MessageVerdict {
    let (policy, notSales) = try workspace.contactPolicy(snapshot)
    let grant = ConsentGrant(
      channel: message.intent.channel.touchpointChannel, purpose: "marketing")
    let isSalesMoment = !notSales.contains { $0.holds(for: read.customer, at: now) }
    let candidate = ContactCandidate(
      channel: message.intent.channel, purpose: message.intent.purpose,
      priority: message.intent.priority,
      // A place on the site holds what it holds until its end, whenever the customer comes.
      due: message.intent.channel == .onsite ? now : message.intent.due, zone: read.zone,
      hasConsent: read.customer.facts.consents.contains { $0.means(grant) },
      isSalesMoment: isSalesMoment)
    return policy.decide(
      candidate,
      // Nothing that was sent keeps a place on the site empty.
      message.intent.channel == .onsite
        ? ContactHistory() : try history(of: customer, read, besides: message.id, now), now: now)
  }

  private func history(
    of customer: Int64, _ read: CustomerReader.Read, besides message: Int64, _ now: Timestamp
  ) throws -> ContactHistory {
    let since = now.adding(seconds: -Int64(Limits.contactDays) * 86_400)
    let sent = try workspace.store.messagesThatMayHaveArrived(to: customer, since: since)
    let answers = read.customer.touchpoints.filter {
      $0.occurred >= since
        && ($0.event.name == "Message Opened" || $0.event.name == "Message Clicked")
    }
    let contacts = sent.filter { $0.id != message }.map { sent in
      // An answer is to the last message before it.
      let next = sent.changed
      return ContactHistory.Contact(
        channel: sent.intent.channel, purpose: sent.intent.purpose, at: sent.changed,
        isAnswered: answers.contains { $0.occurred >= next })
    }
    return ContactHistory(
      contacts: contacts.sorted { $0.at < $1.at },
      waiting: try workspace.store.dueMessages(of: customer, besides: message, at: now))
  }
}

extension Workspace {
  static let contactPolicyName = "contact policy"

  /// The project's contact policy, and its rules under which nothing is sold.
  func contactPolicy(_ snapshot: Snapshot) throws -> (ContactPolicy, [Rule]) {
    let policy = try contactPolicy()
    let vocabulary = RuleVocabulary.filter(
      models: snapshot.models.models, segments: snapshot.segments.rules, hasCycles: false,
      currency: snapshot.journeys.currency)
    return (policy, try policy.notSalesMoments.map { try Rule(parsing: $0.rule, in: vocabulary) })
  }

  func contactPolicy() throws -> ContactPolicy {
    try store.setting(Self.contactPolicyName).map { try ContactPolicy(json: $0) } ?? .usual
  }

  /// Keeps another policy. Throws when it cannot be read or holds what makes no sense.
  func setContactPolicy(json: String) throws {
    let policy: ContactPolicy
    do {
      policy = try ContactPolicy(json: json)
    } catch {
      throw Ending.failed(
        "The contact policy cannot be read: \(error). `klantreis play policy` shows its form.")
    }
    if let problem = policy.problem { throw Ending.failed(problem) }
    let snapshot = try snapshot()
    let vocabulary = RuleVocabulary.filter(
      models: snapshot.models.models, segments: snapshot.segments.rules, hasCycles: false,
      currency: snapshot.journeys.currency)
    for moment in policy.notSalesMoments {
      do throws(RuleError) {
        _ = try Rule(parsing: moment.rule, in: vocabulary)
      } catch {
        throw Ending.failed("A rule of a moment without sales is wrong: \(error.description)")
      }
    }
    try store.set(Self.contactPolicyName, to: try policy.json)
  }
}
