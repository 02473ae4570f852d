import CustomerJourney
import Insights

/// Small charts that several pages have.
enum Bars {
  struct Row {
    var name: String
    var amount: Int
    var href: String?
    var hue: String?
    var note: String?
  }

  /// Rows with a bar behind each, the longest for the largest amount.
  static func list(_ rows: [Row], _ context: PageContext, short: Bool = false) -> [Templates.Values]
  {
    let largest = rows.map(\.amount).max() ?? 0
    return rows.map { row in
      var values: Templates.Values = [
        "label": row.name,
        "amount": short ? context.format.shortCount(row.amount) : context.format.count(row.amount),
        "width": coordinate(100 * Double(row.amount) / Double(max(1, largest))),
        "hue": row.hue ?? "hue-brand",
        // What a row lacks is set all the same: else the template would find it further out.
        "href": false, "note": false, "plain": row.href == nil,
      ]
      if let href = row.href { values["href"] = href }
      if let note = row.note { values["note"] = note }
      return values
    }
  }

  /// A histogram of stays by how long they took, one bar a class.
  ///
  /// Drawn without text: the page says the median beside it, `labels` the ends of the scale.
  static func histogram(
    _ classes: [JourneyMap.DwellClass], _ context: PageContext, labelled: Bool
  ) -> String {
    guard let largest = classes.map(\.stays).max(), largest > 0 else { return "" }
    let format = context.format
    let slot = labelled ? 80.0 : 10.0
    let height = labelled ? 120.0 : 28.0
    let width = slot * Double(classes.count)
    var svg = Markup()
    svg.begin(
      "svg",
      [
        "class": labelled ? "histogram" : "spark", "role": "img",
        "viewBox": "0 0 \(coordinate(width)) \(coordinate(labelled ? height + 22 : height))",
        "preserveAspectRatio": labelled ? "xMinYMid" : "none",
        "aria-label": context.words["timeInPhase"] + ": "
          + classes.map { "≥ \(format.duration($0.fromSeconds)) \(format.count($0.stays))" }
          .joined(separator: ", "),
      ])
    for (i, entry) in classes.enumerated() {
      let share = Double(entry.stays) / Double(largest)
      let bar = entry.stays == 0 ? 0 : max(1.5, (labelled ? height - 16 : height) * share)
      let x = Double(i) * slot
      svg.empty(
        "rect",
        [
          "x": coordinate(x + slot * 0.08), "y": coordinate(height - bar),
          "width": coordinate(slot * 0.84), "height": coordinate(bar), "rx": labelled ? "3" : "1",
        ])
      guard labelled else { continue }
      svg.element(
        "text", ["x": coordinate(x + 2), "y": coordinate(height + 15), "class": "axis"],
        format.duration(entry.fromSeconds))
      if entry.stays > 0 {
        svg.element(
          "text",
          [
            "x": coordinate(x + slot / 2), "y": coordinate(height - bar - 4), "class": "axis",
            "text-anchor": "middle",
          ], format.shortCount(entry.stays))
      }
    }
    svg.end()
    return svg.text
  }
}
