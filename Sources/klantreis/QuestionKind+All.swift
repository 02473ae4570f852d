import CustomerJourney
import Dashboard
import Insights
import JourneyEngine

extension QuestionKind {
  static let map = QuestionKind(
    name: "map", summary: "The journey map: phases, channels and the ways between them.",
    parameters: []
  ) { question, snapshot in
    let asked = try snapshot.select(question, placed: true)
    let map = asked.answer(
      JourneyMapFold(
        model: asked.model.id, phaseIDs: asked.model.phases.map(\.id), table: snapshot.journeys))
    return Answer(map) { [model = asked.model] in
      JourneyMapPicture.svg(map: map, model: model, language: .english, standalone: true)
    }
  }

  static let phase = QuestionKind(
    name: "phase", summary: "One phase from near by: who, channels, content, before and after.",
    parameters: [
      QuestionParameter(
        name: "phase", summary: "The phase's id in the model.", example: "care", isRequired: true)
    ]
  ) { question, snapshot in
    Answer(try snapshot.portrait(question))
  }

  static let transitions = QuestionKind(
    name: "transitions", summary: "What directly follows what, counted.",
    parameters: [by]
  ) { question, snapshot in
    let axis = try question.axis
    let asked = try snapshot.select(question, placed: axis == .phase)
    return Answer(
      asked.answer(TransitionsFold(by: try asked.names(of: axis))))
  }

  static let paths = QuestionKind(
    name: "paths", summary: "The ways that customers took, and how many took each.",
    parameters: [
      by,
      QuestionParameter(
        name: "until", summary: "Cut a path at each event of this name.",
        example: "Order Completed"),
      QuestionParameter(
        name: "top", summary: "How many paths; the most travelled first.", example: "20",
        isCount: true),
    ]
  ) { question, snapshot in
    let axis = try question.axis
    let asked = try snapshot.select(question, placed: axis == .phase)
    return Answer(
      asked.answer(
        try PathsFold(
          by: try asked.names(of: axis),
          until: question["until"].map { EventStep($0, in: snapshot.journeys) },
          top: try question.count("top") ?? PathsFold.defaultTop,
          currency: snapshot.journeys.currency,
          foreignValues: snapshot.journeys.foreignValues)))
  }

  static let funnel = QuestionKind(
    name: "funnel", summary: "How many customers took each of some steps, in order and in time.",
    parameters: [
      QuestionParameter(
        name: "step", summary: "An event, once for each step, in order.",
        example: "Product Viewed", isRequired: true, isList: true),
      QuestionParameter(
        name: "within", summary: "How long after the first step the last may come.",
        example: "30d"),
    ]
  ) { question, snapshot in
    let asked = try snapshot.select(question, placed: false)
    let steps = question.list("step").map { EventStep($0, in: snapshot.journeys) }
    let within = try question.duration("within") ?? 30 * 86_400
    return Answer(
      asked.answer(
        try FunnelFold(steps: steps, withinSeconds: within)))
  }

  static let related = QuestionKind(
    name: "related",
    summary: "Which contents are bought together, in one order or out of one basket.",
    parameters: [
      QuestionParameter(
        name: "content", summary: "Only what goes with this one.", example: "Mug"),
      QuestionParameter(
        name: "event", summary: "The event that buys; Order Completed when left out.",
        example: "Order Completed"),
      QuestionParameter(
        name: "adding",
        summary: "The event that puts something in a basket before; Product Added when left out.",
        example: "Product Added"),
      QuestionParameter(
        name: "least", summary: "Pairs in fewer baskets are left out; 3 when it is left out.",
        example: "3", isCount: true),
      QuestionParameter(
        name: "top", summary: "How many pairs; the strongest first.", example: "20",
        isCount: true),
    ]
  ) { question, snapshot in
    let asked = try snapshot.select(question, placed: false)
    return Answer(
      asked.answer(
        RelatedFold(
          event: EventStep(
            question["event"] ?? EventName.orderCompleted.name, in: snapshot.journeys),
          adding: EventStep(
            question["adding"] ?? EventName.productAdded.name, in: snapshot.journeys),
          removing: EventStep(EventName.productRemoved.name, in: snapshot.journeys),
          content: question["content"], least: try question.count("least") ?? 3,
          top: try question.count("top") ?? 100, table: snapshot.journeys)))
  }

  static let journey = QuestionKind(
    name: "journey", summary: "One customer's touchpoints, each with its phase and the reason.",
    parameters: [
      QuestionParameter(
        name: "customer", summary: "The customer's id as it was imported.", example: "1228",
        isRequired: true),
      QuestionParameter(
        name: "offset", summary: "How many of the first touchpoints to leave out.",
        example: "500", isCount: true),
      QuestionParameter(
        name: "limit",
        summary: "How many touchpoints at most; no more than \(Limits.timelineTouchpoints).",
        example: "100", isCount: true),
    ]
  ) { question, snapshot in
    Answer(try snapshot.timeline(question))
  }

  static let segment = QuestionKind(
    name: "segment",
    summary: "How many customers a rule is true of, at the end of the period and before.",
    parameters: [
      QuestionParameter(
        name: "points", summary: "At how many moments, evenly spread over the period; 1 to 60.",
        example: "12", isCount: true)
    ]
  ) { question, snapshot in
    Answer(try snapshot.segmentSize(question))
  }

  private static let by = QuestionParameter(
    name: "by", summary: "What to look at journeys by; channel when it is left out.",
    example: "channel", choices: By.allCases.map(\.rawValue))
}

extension Question {
  /// What to look at journeys by.
  var axis: By {
    get throws(ParameterError) {
      guard let text = self["by"] else { return .channel }
      guard let by = By(rawValue: text) else {
        throw ParameterError(
          name: "by", value: text,
          problem: "Choose from \(By.allCases.map(\.rawValue).joined(separator: ", ")).")
      }
      return by
    }
  }

  /// Seconds, of a text such as `10d` or `36h`.
  func duration(_ name: String) throws(ParameterError) -> Int64? {
    guard let text = self[name] else { return nil }
    guard let duration = RuleDuration(text) else {
      throw ParameterError(
        name: name, value: text,
        problem: "Write how long as a number and a unit: 30m, 36h, 10d or 4w.")
    }
    return duration.milliseconds / 1000
  }
}
