import CustomerJourney
import JourneyEngine
import Store

/// A project's segments, with what their rules mean.
struct SegmentCatalogue: Sendable {
  struct Entry: Sendable {
    var segment: Segment
    /// Nil when it cannot be used now.
    var rule: Rule?
    /// Why not: a phase or another segment that is gone.
    var problem: String?
  }

  /// By name.
  let entries: [Entry]

  /// Rules by name, of those that can be used.
  var rules: [String: Rule] {
    Dictionary(
      entries.compactMap { entry in entry.rule.map { (entry.segment.name, $0) } },
      uniquingKeysWith: { first, _ in first })
  }

  subscript(name: String) -> Entry? { entries.first { $0.segment.name == name } }

  init(_ segments: [Segment], models: [JourneyModel], currency: Currency) {
    var known: [String: Rule] = [:]
    var problems: [String: RuleError] = [:]
    var waiting = segments
    var isMoving = true
    // One that asks for others can be read when those were: as often as one more can be.
    while isMoving {
      isMoving = false
      for segment in waiting {
        do {
          known[segment.name] = try Self.parse(
            segment.rule, models: models, segments: known, currency: currency)
          isMoving = true
        } catch {
          problems[segment.name] = error
        }
      }
      waiting.removeAll { known[$0.name] != nil }
    }
    entries = segments.map { segment in
      let rule = known[segment.name]
      return Entry(
        segment: segment, rule: rule,
        problem: rule == nil ? problems[segment.name]?.message : nil)
    }
  }

  /// A segment's rule may ask for phases and other segments, not for the cycles of a model, which
  /// depend on the question.
  static func parse(
    _ text: String, models: [JourneyModel], segments: [String: Rule], currency: Currency
  ) throws(RuleError) -> Rule {
    try Rule(
      parsing: text,
      in: RuleVocabulary.filter(
        models: models, segments: segments, hasCycles: false, currency: currency))
  }

  /// Names of segments whose rules ask for `name`.
  func users(of name: String) -> [String] {
    entries.filter { $0.rule?.segments.contains(name) == true }.map(\.segment.name)
  }
}

extension Workspace {
  /// Keeps a rule under a name.
  ///
  /// Throws ``SegmentProblem``, and ``ParameterError`` when the rule cannot be read.
  @discardableResult
  func addSegment(name: String, rule text: String) throws -> Segment {
    let name = name.trimmed
    guard !name.isEmpty else { throw SegmentProblem.noName }
    guard name.count <= Limits.segmentName else { throw SegmentProblem.longName }
    let snapshot = try snapshot()
    do {
      _ = try SegmentCatalogue.parse(
        text, models: snapshot.models.models, segments: snapshot.segments.rules,
        currency: snapshot.journeys.currency)
    } catch {
      throw ParameterError(
        name: "who", value: nil, problem: error.message,
        characters: error.offset..<(error.offset + 1), pointed: error.description)
    }
    return try store.addSegment(name: name, rule: text.trimmed, created: .now)
  }

  /// Throws ``SegmentProblem`` when there is none, or others ask for it.
  func removeSegment(named name: String) throws {
    let users = try snapshot().segments.users(of: name)
    guard users.isEmpty else { throw SegmentProblem.inUse(name, by: users) }
    guard try store.removeSegment(named: name) else { throw SegmentProblem.unknown(name) }
  }
}
