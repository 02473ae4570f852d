import ArgumentParser
import Insights

struct MapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "map", abstract: QuestionKind.map.summary,
    discussion: """
      Example:
        klantreis map --model stdc --from 2017-01-01 --to 2017-03-31
        klantreis map --format svg > map.svg
      """)

  @OptionGroup var options: QuestionOptions

  func run() throws { try options.ask(.map) }
}

struct PhaseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "phase", abstract: QuestionKind.phase.summary,
    discussion: """
      Example:
        klantreis phase care --model stdc
      """)

  @Argument(help: "The phase's id in the model.") var phase: String
  @OptionGroup var options: QuestionOptions

  func run() throws { try options.ask(.phase, ["phase": [phase]]) }
}

struct TransitionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "transitions", abstract: QuestionKind.transitions.summary,
    discussion: """
      Example:
        klantreis transitions --by channel --who 'trait(age) is "65+"'
      """)

  @Option(help: "event, channel, origin, device, content, campaign or phase.") var by = "channel"
  @OptionGroup var options: QuestionOptions

  func run() throws { try options.ask(.transitions, ["by": [by]]) }
}

struct PathsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "paths", abstract: QuestionKind.paths.summary,
    discussion: """
      Example:
        klantreis paths --by channel --until "Order Completed" --top 10
      """)

  @Option(help: "event, channel, origin, device, content, campaign or phase.") var by = "channel"
  @Option(help: ArgumentHelp("Cut a path at each event of this name.", valueName: "event"))
  var until: String?
  @Option(help: "How many paths; the most travelled first.") var top: Int = PathsFold.defaultTop
  @OptionGroup var options: QuestionOptions

  func run() throws {
    try options.ask(.paths, ["by": [by], "until": [until], "top": [String(top)]])
  }
}

struct FunnelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "funnel", abstract: QuestionKind.funnel.summary,
    discussion: """
      Example:
        klantreis funnel --step "Message Sent" --step "Coupon Redeemed" --within 60d
      """)

  @Option(help: ArgumentHelp("An event, once for each step, in order.", valueName: "event"))
  var step: [String] = []
  @Option(help: "How long after the first step the last may come: 36h, 10d, 4w.")
  var within = "30d"
  @OptionGroup var options: QuestionOptions

  func run() throws { try options.ask(.funnel, ["step": step, "within": [within]]) }
}

struct RelatedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "related", abstract: QuestionKind.related.summary,
    discussion: """
      Example:
        klantreis related --content "Stoneware mug" --top 5
      """)

  @Option(help: "Only what goes with this content.") var content: String?
  @Option(help: "The event of a basket's lines.") var event = "Order Completed"
  @Option(help: "Leave pairs in fewer baskets out.") var least: Int?
  @Option(help: "How many pairs; the strongest first.") var top: Int?
  @OptionGroup var options: QuestionOptions

  func run() throws {
    try options.ask(
      .related,
      [
        "content": [content], "event": [event], "least": [least.map(String.init)],
        "top": [top.map(String.init)],
      ])
  }
}

struct JourneyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "journey", abstract: QuestionKind.journey.summary,
    discussion: """
      Example:
        klantreis journey 1228 --model stdc
      """)

  @Argument(help: "The customer's id as it was imported.") var customer: String
  @Option(help: "How many of the first touchpoints to leave out.") var offset: Int?
  @Option(help: "How many touchpoints at most.") var limit: Int?
  @OptionGroup var options: QuestionOptions

  func run() throws {
    try options.ask(
      .journey,
      [
        "customer": [customer], "offset": [offset.map(String.init)],
        "limit": [limit.map(String.init)],
      ])
  }
}

struct SegmentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "segment", abstract: QuestionKind.segment.summary,
    discussion: """
      Example:
        klantreis segment 'count(event is "Order Completed", within 90d) >= 2'
        klantreis segment 'segment("Big spenders")' --points 24 --format csv
      """)

  @Argument(help: "The rule.") var rule: String
  @Option(help: "At how many moments, evenly spread over the period.") var points = 12
  @OptionGroup var options: QuestionOptions

  func run() throws {
    guard options.who == nil else { throw Ending.wrongUse("Give the rule once, without --who.") }
    var asked = options
    asked.who = rule
    try asked.ask(.segment, ["points": [String(points)]])
  }
}
