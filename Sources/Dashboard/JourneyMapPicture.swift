package import CustomerJourney
package import Insights

/// The journey map as one SVG, for `map --format svg` and to embed elsewhere.
package enum JourneyMapPicture {
  private static let headHeight = 92.0
  private static let margin = 20.0

  /// A picture with the phases' heads, in the size that ``MapGrid`` gives.
  ///
  /// - Parameter standalone: With a style element of its own, in light and dark, to be opened or
  ///   embedded by itself. Without it the picture has classes only and takes its colours from the
  ///   dashboard's stylesheet.
  package static func svg(
    map: JourneyMap, model: JourneyModel, language: Language, standalone: Bool = true
  ) -> String {
    let picture = MapPicture(
      map: map, model: model, language: language, channelLimit: MapPicture.channelsShown,
      phaseLink: nil)
    let words = Wording(language: language)
    let width = MapGrid.nameWidth + picture.fieldWidth + 2 * margin
    let height = headHeight + picture.height + 2 * margin
    var svg = Markup()
    svg.begin(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "class": "journey-map", "role": "img",
        "width": coordinate(width), "height": coordinate(height),
        "viewBox": "0 0 \(coordinate(width)) \(coordinate(height))",
        "aria-labelledby": "picture-title",
      ])
    svg.element(
      "title", ["id": "picture-title"],
      words["journeyMap"] + ": " + model.name(language) + ", "
        + words.mapDescription(phases: picture.columns.count, channels: picture.allChannels.count))
    if standalone { svg.element("style", [:], style) }
    svg.empty("rect", ["width": "100%", "height": "100%", "class": "paper", "rx": "18"])
    svg.begin("g", ["transform": "translate(\(coordinate(margin)) \(coordinate(margin))) "])
    heads(picture, into: &svg)
    svg.begin("g", ["transform": "translate(0 \(coordinate(headHeight)))"])
    svg.add(markup: picture.nameLabels())
    svg.begin("g", ["transform": "translate(\(coordinate(MapGrid.nameWidth)) 0)"])
    svg.add(markup: picture.drawing())
    for _ in 0..<4 { svg.end() }
    return svg.text
  }

  private static func heads(_ picture: MapPicture, into svg: inout Markup) {
    let format = Format(language: picture.language)
    let characters = Int(picture.columnWidth / 8.4)
    for (i, column) in picture.columns.enumerated() {
      let x = coordinate(MapGrid.nameWidth + Double(i) * picture.columnWidth + 12)
      svg.element(
        "text", ["x": x, "y": "20", "class": "phase"],
        shortened(column.name, to: max(6, characters * 3 / 4)))
      svg.element(
        "text", ["x": x, "y": "40", "class": "note"],
        shortened(column.question, to: characters + 3))
      svg.element(
        "text", ["x": x, "y": "74", "class": "number"],
        picture.columnWidth < 150
          ? format.shortCount(column.phase.customers) : format.count(column.phase.customers))
      guard let next = column.toNextPhase else { continue }
      let time = next.medianSeconds.map { " · " + format.duration($0) } ?? ""
      svg.element(
        "text",
        [
          "x": coordinate(MapGrid.nameWidth + Double(i + 1) * picture.columnWidth - 8),
          "y": "74", "text-anchor": "end", "class": "note",
        ], format.share(next.share) + (picture.columnWidth < 150 ? "" : time) + " →")
    }
  }

  private static var style: String {
    """
    .journey-map{--card:#fff;--ink:#1a1e25;--muted:#5b6573;--band:#f8f7f3;--line:#d9d6cc;\
    --flow:#8b97a8;--warn:#9a4a06;font:14px system-ui,"Segoe UI",Roboto,sans-serif;\
    font-variant-numeric:tabular-nums}
    @media(prefers-color-scheme:dark){.journey-map{--card:#191d23;--ink:#eceff3;--muted:#a0abba;\
    --band:#1f242c;--line:#39414d;--flow:#76839a;--warn:#f0b35a}}
    .paper{fill:var(--card)}.phase{font-size:20px;font-weight:650;fill:var(--ink)}
    .number{font-size:25px;font-weight:650;fill:var(--ink)}
    .note,.out-label{fill:var(--muted);font-size:12.5px}.channel{fill:var(--ink);font-weight:550}
    .band{fill:var(--band)}.band-empty{fill:none;stroke:var(--line);stroke-dasharray:4 5}
    .line{fill:var(--hue)}.core{fill:var(--card);opacity:.8}
    .stop{fill:var(--card);stroke:var(--hue);stroke-width:4}.reach{fill:transparent}
    .flow{fill:none;stroke:var(--flow);opacity:.36;stroke-linecap:round}
    .flow-back{stroke-dasharray:1 7;opacity:.95}.out path{fill:var(--flow)}
    .gap{fill:none;stroke:var(--warn);stroke-width:1.8;stroke-dasharray:3 3}
    .gap-label{font-size:12.5px;fill:var(--warn)}
    """ + Palette.css
  }
}
