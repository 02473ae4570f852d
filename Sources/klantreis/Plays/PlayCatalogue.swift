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
  /// Pairs of plays that are on and trigger each other by what they set.
  let circles: [(String, String)]

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
    circles = Self.circles(entries.filter(\.isOn).compactMap { $0.program?.play })
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

  /// Two plays that each set a trait by which the other begins would begin each other for ever.
  static func circles(_ plays: [Play]) -> [(String, String)] {
    func begins(_ play: Play, by other: Play) -> Bool {
      let set = Set(
        other.actions.compactMap { if case .set(let trait, _) = $0.action { trait } else { nil } })
      return !set.isDisjoint(with: play.entry.rule.traits)
    }
    var found: [(String, String)] = []
    for (index, play) in plays.enumerated() {
      if begins(play, by: play) { found.append((play.id, play.id)) }
      for other in plays[(index + 1)...] where begins(play, by: other) && begins(other, by: play) {
        found.append((play.id, other.id))
      }
    }
    return found
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
