import CustomerJourney
import JourneyEngine
import Orchestration
import Store
import Synchronization

/// A project's plays: those of its own and those that are built in, as they read with the models and
/// segments of now.
struct PlayCatalogue: Sendable {
  struct Entry: Sendable {
    /// Nil for a built-in play that was never switched on.
    var record: PlayRecord?
    var id: String
    var yaml: String
    /// Nil when its file cannot be used now.
    var program: PlayProgram?
    var problem: PlayError?

    var isOn: Bool { record?.isOn == true }
  }

  /// Built-in ones first, in their own order, then by id.
  let entries: [Entry]

  subscript(id: String) -> Entry? { entries.first { $0.id == id } }

  /// Those that are on and can be run.
  var running: [(record: PlayRecord, program: PlayProgram)] {
    entries.compactMap { entry in
      guard let record = entry.record, record.isOn, let program = entry.program else { return nil }
      return (record, program)
    }
  }

  init(_ records: [PlayRecord], vocabulary: RuleVocabulary) {
    var entries = BuiltInPlays.all.map { play in
      Self.entry(
        records.first { $0.id == play.id }, id: play.id, yaml: play.yaml, vocabulary)
    }
    entries += records.filter { record in !BuiltInPlays.all.contains { $0.id == record.id } }
      .map { Self.entry($0, id: $0.id, yaml: $0.yaml, vocabulary) }
    self.entries = entries
  }

  private static func entry(
    _ record: PlayRecord?, id: String, yaml: String, _ vocabulary: RuleVocabulary
  ) -> Entry {
    let yaml = record?.yaml ?? yaml
    do throws(PlayError) {
      let play = try Play(yaml: yaml, file: "\(id).yaml", in: vocabulary)
      return Entry(
        record: record, id: id, yaml: yaml,
        program: PlayProgram(play, version: record?.version ?? 1), problem: nil)
    } catch {
      return Entry(record: record, id: id, yaml: yaml, program: nil, problem: error)
    }
  }

  /// Pairs of plays that would begin each other for ever, also through others, and plays that would begin
  /// themselves.
  static func circles(_ plays: [Play]) -> [(String, String)] {
    var leads = plays.map { play in plays.map { $0.isBegun(by: play) } }
    var found = plays.indices.filter { leads[$0][$0] }.map { (plays[$0].id, plays[$0].id) }
    for middle in plays.indices {
      for from in plays.indices where leads[from][middle] {
        for to in plays.indices where leads[middle][to] { leads[from][to] = true }
      }
    }
    for from in plays.indices {
      for to in plays.indices where from < to && leads[from][to] && leads[to][from] {
        found.append((plays[from].id, plays[to].id))
      }
    }
    return found
  }
}

extension Play {
  /// Whether another play begins this one by what it does itself: by a trait that it sets, or by the
  /// touchpoint that a message of it makes.
  fileprivate func isBegun(by other: Play) -> Bool {
    other.actions.contains { step, action in
      switch action {
      case .set(let trait, _): entry.rule.traits.contains(trait)
      case .message(let channel, let template):
        MessageState.allCases.compactMap(\.event).contains { event in
          guard case .event(let rule) = entry else { return false }
          let made = Touchpoint(
            customer: other.id, occurred: .epoch, event: event, channel: channel.touchpointChannel,
            messageID: step, source: "klantreis", campaign: other.id, content: template)
          return rule.holds(for: RuleCustomer(touchpoints: [made]), at: 0)
        }
      case .task, .slot: false
      }
    }
  }
}

extension Rule {
  /// Names of the traits that it asks for, directly or through a named rule.
  var traits: Set<String> {
    if case .trait(let name, _) = self { return [name] }
    return parts.reduce(into: []) { $0.formUnion($1.traits) }
  }

  /// Events of which one must be at a touchpoint for the rule to be true there; nil when it may be
  /// true at any.
  var neededEvents: Set<String>? {
    switch self {
    case .field(.event, .oneOf(let names)): return Set(names.map(RuleField.event.key))
    case .named(_, let rule): return rule.neededEvents
    case .all(let rules):
      let known = rules.compactMap(\.neededEvents)
      return known.min { $0.count < $1.count }
    case .any(let rules):
      var all: Set<String> = []
      for rule in rules {
        guard let events = rule.neededEvents else { return nil }
        all.formUnion(events)
      }
      return all
    default: return nil
    }
  }
}

/// Keeps what was read of plays' files for as long as neither they nor what they name change.
final class PlayLibrary: Sendable {
  private struct State {
    var records: [PlayRecord] = []
    var models: [JourneyModel] = []
    var segments: [String: Rule] = [:]
    var catalogue: PlayCatalogue?
    /// Earlier versions that runs still follow.
    var earlier: [String: PlayProgram] = [:]
  }

  private let state = Mutex(State())

  func catalogue(
    _ records: [PlayRecord], models: [JourneyModel], segments: [String: Rule], currency: Currency
  ) -> PlayCatalogue {
    state.withLock { state in
      if let catalogue = state.catalogue, state.records == records, state.models == models,
        state.segments == segments
      {
        return catalogue
      }
      let catalogue = PlayCatalogue(
        records,
        vocabulary: .filter(
          models: models, segments: segments, hasCycles: false, currency: currency))
      state = State(records: records, models: models, segments: segments, catalogue: catalogue)
      return catalogue
    }
  }

  /// The program of a version; nil when it cannot be read any more.
  func program(_ play: String, version: Int, _ snapshot: Snapshot) throws -> PlayProgram? {
    if let program = snapshot.plays[play]?.program, program.version == version { return program }
    let name = "\(play) \(version)"
    if let program = state.withLock({ $0.earlier[name] }) { return program }
    guard let yaml = try snapshot.facts.store.playYAML(play, version: version),
      let read = try? Play(
        yaml: yaml, file: "\(play).yaml",
        in: .filter(
          models: snapshot.models.models, segments: snapshot.segments.rules, hasCycles: false,
          currency: snapshot.journeys.currency))
    else { return nil }
    let program = PlayProgram(read, version: version)
    state.withLock { $0.earlier[name] = program }
    return program
  }
}
