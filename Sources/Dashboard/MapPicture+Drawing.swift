import CustomerJourney
import Insights

/// Draws the laid-out map: names of channels at the left, lines and streams in the field.
extension MapPicture {
  static let laneHeight = 46.0
  static let padding = 34.0

  var columnWidth: Double { MapGrid.columnWidth(phases: columns.count) }
  var fieldWidth: Double { Double(columns.count) * columnWidth }
  /// Below the lanes is room for what flows out.
  var height: Double { Double(max(1, lanes.count)) * Self.laneHeight + 2 * Self.padding + 8 }

  /// Between what flows out and its label, and between that and the edge of the band.
  private static let outGap = 7.0
  /// Narrow bands have room for the share alone.
  private var saysOut: Bool { columnWidth >= 190 }
  private var outLabelWidth: Double { saysOut ? 58 : 32 }

  private var format: Format { Format(language: language) }
  private var words: Wording { Wording(language: language) }
  private func x(_ column: Int) -> Double { (Double(column) + 0.5) * columnWidth }
  private func y(_ lane: Int) -> Double {
    Self.padding + (Double(lane) + 0.5) * Self.laneHeight - 6
  }

  /// Roots of numbers, so that a thin line beside a thick one is still seen.
  private func thickness(_ touchpoints: Int) -> Double {
    let largest = lanes.flatMap(\.stops).compactMap { $0?.touchpoints }.max() ?? 1
    return 2.2 + 14 * (Double(max(0, touchpoints)) / Double(max(1, largest))).squareRoot()
  }

  func names() -> String {
    var svg = Markup()
    svg.begin(
      "svg",
      [
        "class": "map-names", "aria-hidden": "true",
        "viewBox": "0 0 \(coordinate(MapGrid.nameWidth)) \(coordinate(height))",
      ])
    svg.add(markup: nameLabels())
    svg.end()
    return svg.text
  }

  func nameLabels() -> String {
    var svg = Markup()
    for (i, lane) in lanes.enumerated() {
      svg.begin(
        "text",
        [
          "x": coordinate(MapGrid.nameWidth - 14), "y": coordinate(y(i) + 5),
          "text-anchor": "end", "class": "channel",
        ])
      svg.element("title", [:], lane.name)
      svg.element("tspan", [:], shortened(lane.name, to: 15))
      svg.end()
    }
    return svg.text
  }

  func field() -> String {
    var svg = Markup()
    svg.begin(
      "svg",
      [
        "class": "map-field", "role": "group", "aria-labelledby": "map-title map-description",
        "viewBox": "0 0 \(coordinate(fieldWidth)) \(coordinate(height))",
      ])
    svg.element("title", ["id": "map-title"], words["journeyMap"])
    svg.element(
      "desc", ["id": "map-description"],
      words.mapDescription(phases: columns.count, channels: allChannels.count))
    svg.add(markup: drawing())
    svg.end()
    return svg.text
  }

  func drawing() -> String {
    bands() + streams() + lanes.indices.map(line).joined() + lanes.indices.map(stops).joined()
      + gapLabel()
  }

  /// A band a phase, with what flows out at its foot.
  private func bands() -> String {
    var svg = Markup()
    let inset = min(6, columnWidth * 0.04)
    for (i, column) in columns.enumerated() {
      let isEmpty = column.phase.customers == 0
      svg.empty(
        "rect",
        [
          "x": coordinate(Double(i) * columnWidth + inset), "y": "6",
          "width": coordinate(columnWidth - 2 * inset), "height": coordinate(height - 12),
          "rx": "14", "class": isEmpty ? "band band-empty" : "band",
        ])
      if isEmpty {
        svg.element(
          "text",
          [
            "x": coordinate(x(i)), "y": coordinate(height / 2), "text-anchor": "middle",
            "class": "note",
          ], words["nothingSeen"])
      }
      guard column.outShare > 0 else { continue }
      // As wide as leaves room for its label when all leave here; it fades downwards.
      let widest = columnWidth / 2 - inset - Self.outGap - outLabelWidth - Self.outGap
      let half = max(2, min(1, column.outShare) * widest)
      let top = height - 40
      svg.begin("g", ["class": "out"])
      svg.element("title", [:], words.endHere(format.share(column.outShare), phase: column.name))
      for (step, opacity) in [0.5, 0.34, 0.18].enumerated() {
        let y = top + 9 * Double(step)
        let wide = half * (1 - 0.22 * Double(step))
        let narrow = half * (1 - 0.22 * Double(step + 1))
        svg.empty(
          "path",
          [
            "d": "M\(coordinate(x(i) - wide)) \(coordinate(y))"
              + "H\(coordinate(x(i) + wide))"
              + "L\(coordinate(x(i) + narrow)) \(coordinate(y + 8))"
              + "H\(coordinate(x(i) - narrow))Z",
            "opacity": "\(opacity)",
          ])
      }
      svg.element(
        "text",
        [
          "x": coordinate(x(i) + half + Self.outGap), "y": coordinate(top + 11),
          "class": "out-label",
        ],
        !saysOut
          ? format.share(column.outShare) : "\(words["out"]) \(format.share(column.outShare))")
      svg.end()
    }
    return svg.text
  }

  /// The grey streams: customers who change channel between phases, and dotted those who go back.
  private func streams() -> String {
    let largest = flows.map(\.customers).max() ?? 1
    var svg = Markup()
    for flow in flows {
      guard let from = place(ofPhase: flow.fromPhase), let to = place(ofPhase: flow.toPhase),
        let fromLane = lanes.firstIndex(where: { $0.channels == [flow.fromChannel] }),
        let toLane = lanes.firstIndex(where: { $0.channels == [flow.toChannel] })
      else { continue }
      let (x1, y1, x2, y2) = (x(from), y(fromLane), x(to), y(toLane))
      let isBack = from > to
      let path: String
      if isBack {
        // An arc below the lines, so that it isn't taken for one of them.
        let dip = max(y1, y2) + Self.laneHeight * 0.62
        path =
          "M\(coordinate(x1)) \(coordinate(y1))"
          + "C\(coordinate(x1 - columnWidth * 0.3)) \(coordinate(dip)) "
          + "\(coordinate(x2 + columnWidth * 0.3)) \(coordinate(dip)) "
          + "\(coordinate(x2)) \(coordinate(y2))"
      } else {
        let middle = (x1 + x2) / 2
        path =
          "M\(coordinate(x1)) \(coordinate(y1))"
          + "C\(coordinate(middle)) \(coordinate(y1)) \(coordinate(middle)) \(coordinate(y2)) "
          + "\(coordinate(x2)) \(coordinate(y2))"
      }
      let share = (Double(flow.customers) / Double(largest)).squareRoot()
      svg.begin(
        "path",
        [
          "d": path, "class": isBack ? "flow flow-back" : "flow",
          "stroke-width": coordinate(isBack ? 1.8 + 2.4 * share : 1.2 + 11 * share),
        ])
      svg.element(
        "title", [:],
        "\(Channel(flow.fromChannel).title(language)) (\(columns[from].name)) → "
          + "\(Channel(flow.toChannel).title(language)) (\(columns[to].name)): "
          + words.customers(flow.customers))
      svg.end()
    }
    return svg.text
  }

  /// One channel's line from stop to stop, as thick as it is used; broken where nobody used it.
  private func line(_ index: Int) -> String {
    let lane = lanes[index]
    let y = y(index)
    var svg = Markup()
    svg.begin("g", ["class": "line " + laneClass(lane)])
    for i in columns.indices {
      guard let stop = lane.stops[i] else { continue }
      let here = thickness(stop.touchpoints) / 2
      // Customers come in at the first phase from outside what we see.
      if i == 0 {
        svg.empty(
          "rect",
          [
            "x": coordinate(min(14, columnWidth * 0.08)), "y": coordinate(y - here),
            "width": coordinate(x(0) - min(14, columnWidth * 0.08)),
            "height": coordinate(2 * here), "rx": coordinate(here),
          ])
      }
      if i + 1 < columns.count, let next = lane.stops[i + 1] {
        let there = thickness(next.touchpoints) / 2
        let (x1, x2) = (x(i), x(i + 1))
        svg.empty("path", ["d": ribbon(x1, x2, y, here, there)])
        if isCored(lane) {
          svg.empty(
            "path", ["d": ribbon(x1, x2, y, here * 0.4, there * 0.4), "class": "core"])
        }
      }
    }
    svg.end()
    return svg.text
  }

  private func ribbon(
    _ x1: Double, _ x2: Double, _ y: Double, _ half1: Double, _ half2: Double
  ) -> String {
    let middle = coordinate((x1 + x2) / 2)
    let (top1, top2) = (coordinate(y - half1), coordinate(y - half2))
    let (low1, low2) = (coordinate(y + half1), coordinate(y + half2))
    return "M\(coordinate(x1)) \(top1)"
      + "C\(middle) \(top1) \(middle) \(top2) \(coordinate(x2)) \(top2)"
      + "V\(low2)C\(middle) \(low2) \(middle) \(low1) \(coordinate(x1)) \(low1)Z"
  }

  private func laneClass(_ lane: Lane) -> String {
    lane.channels.count == 1 ? palette.hueClass(lane.channels[0]) : "hue-6"
  }

  private func isCored(_ lane: Lane) -> Bool {
    lane.channels.count > 1 || palette.hasCore(lane.channels[0])
  }

  private func stops(_ index: Int) -> String {
    let lane = lanes[index]
    var svg = Markup()
    for (i, column) in columns.enumerated() {
      let center = (x: coordinate(x(i)), y: coordinate(y(index)))
      guard let stop = lane.stops[i] else {
        if isGap(lane, i) {
          svg.begin("circle", ["cx": center.x, "cy": center.y, "r": "7.5", "class": "gap"])
          svg.element("title", [:], words.gap(channel: lane.name, phase: column.name))
          svg.end()
        }
        continue
      }
      let radius = 3.4 + thickness(stop.touchpoints) * 0.68
      let label = words.stop(
        channel: lane.name, phase: column.name, customers: stop.customers,
        touchpoints: stop.touchpoints)
      if let phaseLink {
        svg.begin("a", ["href": phaseLink(column.phase.id), "aria-label": label])
      } else {
        svg.begin("g")
      }
      svg.element("title", [:], label)
      svg.empty(
        "circle", ["cx": center.x, "cy": center.y, "r": "16", "class": "reach"])
      svg.empty(
        "circle",
        [
          "cx": center.x, "cy": center.y, "r": coordinate(radius),
          "class": "stop " + laneClass(lane),
        ])
      svg.end()
    }
    return svg.text
  }

  /// Words beside the gap that most customers of the channel fall into; the others have a ring only.
  private func gapLabel() -> String {
    var largest: (lane: Int, column: Int, customers: Int)?
    for (l, lane) in lanes.enumerated() {
      for c in columns.indices where isGap(lane, c) {
        let customers = lane.stops[c - 1]?.customers ?? 0
        if customers > largest?.customers ?? -1 { largest = (l, c, customers) }
      }
    }
    guard let largest, columnWidth >= 190 else { return "" }
    var svg = Markup()
    svg.element(
      "text",
      [
        "x": coordinate(x(largest.column)), "y": coordinate(y(largest.lane) + 23),
        "text-anchor": "middle", "class": "gap-label",
      ], words["noAttention"])
    return svg.text
  }
}
