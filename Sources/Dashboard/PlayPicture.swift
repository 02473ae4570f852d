import CustomerJourney

/// The way through a play as a picture: from who comes in, down over waits, choices and messages.
///
/// Ways that part stand side by side and come together again below. Each node has its kind as a word,
/// a colour and a shape, so that none of them is needed to read it.
struct PlayPicture {
  private let context: PageContext
  private var svg = Markup()
  private var words: Wording { context.words }

  private enum Size {
    static let width = 232.0
    static let height = 58.0
    static let across = 28.0
    static let down = 30.0
    static let margin = 8.0
  }

  /// What a node says and how it looks.
  private struct Node {
    var kind: String
    var text: String
    var look: String
  }

  /// `counts` are what stands in a step's corner, by step: how many were sent.
  static func draw(_ play: Play, counts: [String: String] = [:], _ context: PageContext) -> String {
    var picture = PlayPicture(context: context)
    return picture.draw(play, counts)
  }

  private init(context: PageContext) { self.context = context }

  private mutating func draw(_ play: Play, _ counts: [String: String]) -> String {
    let columns = Double(Self.columns(play.steps))
    let width = columns * Size.width + (columns - 1) * Size.across + 2 * Size.margin
    let rows = Self.height(play.steps)
    let height = 2 * (Size.height + Size.down) + rows + 2 * Size.margin - Size.down + 4
    svg.begin(
      "svg",
      [
        "class": "play-picture", "viewBox": "0 0 \(coordinate(width)) \(coordinate(height))",
        "width": coordinate(width), "height": coordinate(height), "role": "img",
        "aria-label": words.playInWords(play),
      ])
    let middle = width / 2
    var y = Size.margin
    node(
      Node(kind: words["playComesIn"], text: play.entry.rule.description, look: "enter"), middle, y)
    y += Size.height
    let end = steps(play.steps, left: Size.margin, y: y, counts)
    line(from: middle, y, to: middle, y + Size.down, isShort: play.steps.isEmpty)
    line(from: middle, end, to: middle, end + Size.down)
    let exits = play.exits.map { $0.because(context.language) }.joined(separator: ", ")
    node(
      Node(
        kind: words["playEnds"],
        text: exits.isEmpty ? words["playAllDone"] : "\(words["playSoonerIf"]) \(exits)",
        look: "end"),
      middle, end + Size.down)
    svg.end()
    return svg.text
  }

  /// How many nodes stand side by side at most.
  static func columns(_ list: [PlayStep]) -> Int {
    list.map { step in
      let inner = step.inner
      return inner.isEmpty ? 1 : inner.reduce(0) { $0 + max(1, columns($1)) }
    }.max() ?? 1
  }

  /// Of steps after each other, each with the line that leads to it.
  private static func height(_ list: [PlayStep]) -> Double {
    list.reduce(0) { total, step in
      let inner = step.inner
      let tallest = inner.map(height).max() ?? 0
      return total + Size.down + Size.height
        + (inner.isEmpty ? 0 : 2 * Size.down + tallest)
    }
  }

  private static func width(_ list: [PlayStep]) -> Double {
    let columns = Double(columns(list))
    return columns * Size.width + (columns - 1) * Size.across
  }

  /// Draws steps below `y`, in the middle of the room that begins at `left`. Returns where they end.
  private mutating func steps(
    _ list: [PlayStep], left: Double, y: Double, room: Double? = nil, _ counts: [String: String]
  ) -> Double {
    let room = room ?? Self.width(list)
    let middle = left + room / 2
    var y = y
    for step in list {
      line(from: middle, y, to: middle, y + Size.down)
      y += Size.down
      node(describe(step), middle, y, corner: counts[step.id])
      y += Size.height
      let ways = step.inner
      guard !ways.isEmpty else { continue }
      let wide = ways.reduce(0) { $0 + Self.width($1) } + Double(ways.count - 1) * Size.across
      var x = middle - wide / 2
      let top = y + Size.down
      let bottom = top + (ways.map(Self.height).max() ?? 0)
      for (index, way) in ways.enumerated() {
        let own = Self.width(way)
        let center = x + own / 2
        curve(from: middle, y, to: center, top)
        label(self.label(step, index), center, top)
        let end = steps(way, left: x, y: top, counts)
        if !Self.endsItself(way) {
          line(from: center, end, to: center, bottom, isShort: true)
          curve(from: center, bottom, to: middle, bottom + Size.down)
        }
        x += own + Size.across
      }
      y = bottom + Size.down
    }
    return y
  }

  /// True where nobody goes on below.
  private static func endsItself(_ way: [PlayStep]) -> Bool {
    switch way.last?.does {
    case .end, .goTo: true
    default: false
    }
  }

  private func label(_ step: PlayStep, _ index: Int) -> String {
    switch step.does {
    case .split(let arms): "\(arms[index].name) · \(context.format.share(arms[index].share.value))"
    case .waitFor: words[index == 0 ? "playCame" : "playDidNot"]
    default: words[index == 0 ? "playYes" : "playNo"]
    }
  }

  private func describe(_ step: PlayStep) -> Node {
    switch step.does {
    case .wait(let time):
      Node(kind: words["playWait"], text: time.inWords(context.format), look: "wait")
    case .waitUntil(let time):
      Node(kind: words["playWait"], text: "\(words["playUntil"]) \(time)", look: "wait")
    case .waitFor(let rule, let within, _, _):
      Node(
        kind: "\(words["playWaitFor"]) \(within.inWords(context.format))", text: rule.description,
        look: "wait")
    case .branch(let rule, _, _):
      Node(kind: words["playChoice"], text: rule.description, look: "choice")
    case .split: Node(kind: words["playSplit"], text: words["playByChance"], look: "choice")
    case .act(.message(let channel, let template)):
      Node(kind: words.channelOfPlay(channel), text: template, look: "message")
    case .act(.slot(let place, let template, _)):
      Node(kind: words.channelOfPlay(.onsite), text: "\(place): \(template)", look: "message")
    case .act(.set(let trait, let value)):
      if let segment = Segment.name(ofTrait: trait) {
        Node(
          kind: words[value == .flag(true) ? "playJoinSegment" : "playLeaveSegment"], text: segment,
          look: "deed")
      } else {
        Node(kind: words["playSet"], text: "\(trait) = \(value)", look: "deed")
      }
    case .act(.task(let text)):
      Node(kind: words["playTask"], text: text(context.language), look: "deed")
    case .goTo(let target): Node(kind: words["playGoTo"], text: target, look: "end")
    case .end: Node(kind: words["playEnds"], text: words["playHere"], look: "end")
    }
  }

  // MARK: Drawing

  private mutating func node(_ node: Node, _ middle: Double, _ y: Double, corner: String? = nil) {
    svg.begin("g", ["class": "play-node is-\(node.look)"])
    svg.element("title", [:], "\(node.kind): \(node.text)")
    let x = middle - Size.width / 2
    svg.empty(
      "rect",
      [
        "x": coordinate(x), "y": coordinate(y), "width": coordinate(Size.width),
        "height": coordinate(Size.height),
        "rx": node.look == "enter" || node.look == "end" ? "29" : "12",
      ])
    if node.look != "enter", node.look != "end" {
      svg.empty(
        "rect",
        [
          "class": "play-mark", "x": coordinate(x + 10), "y": coordinate(y + 12), "width": "4",
          "height": coordinate(Size.height - 24), "rx": "2",
        ])
    }
    svg.element(
      "text", ["class": "play-kind", "x": coordinate(x + 24), "y": coordinate(y + 23)],
      shortened(node.kind, to: corner == nil ? 28 : 20))
    svg.element(
      "text", ["class": "play-text", "x": coordinate(x + 24), "y": coordinate(y + 42)],
      shortened(node.text, to: 24))
    if let corner {
      svg.element(
        "text",
        [
          "class": "play-corner", "x": coordinate(x + Size.width - 14), "y": coordinate(y + 23),
          "text-anchor": "end",
        ], corner)
    }
    svg.end()
  }

  private mutating func line(
    from x: Double, _ y: Double, to x2: Double, _ y2: Double, isShort: Bool = false
  ) {
    guard y2 > y else { return }
    svg.empty(
      "path",
      [
        "class": "play-line",
        "d": "M\(coordinate(x)) \(coordinate(y))V\(coordinate(y2 - (isShort ? 0 : 1)))",
      ])
    guard !isShort else { return }
    svg.empty(
      "path",
      [
        "class": "play-arrow",
        "d":
          "M\(coordinate(x - 4.5)) \(coordinate(y2 - 7))L\(coordinate(x)) \(coordinate(y2 - 1))L\(coordinate(x + 4.5)) \(coordinate(y2 - 7))",
      ])
  }

  private mutating func curve(
    from x: Double, _ y: Double, to x2: Double, _ y2: Double
  ) {
    let half = (y + y2) / 2
    svg.empty(
      "path",
      [
        "class": "play-line",
        "d":
          "M\(coordinate(x)) \(coordinate(y))C\(coordinate(x)) \(coordinate(half)) \(coordinate(x2)) \(coordinate(half)) \(coordinate(x2)) \(coordinate(y2))",
      ])
  }

  private mutating func label(_ text: String, _ x: Double, _ y: Double) {
    svg.element(
      "text", ["class": "play-label", "x": coordinate(x + 8), "y": coordinate(y + 14)], text)
  }
}

extension RuleDuration {
  func inWords(_ format: Format) -> String { format.durationInWords(Double(milliseconds) / 1000) }
}
