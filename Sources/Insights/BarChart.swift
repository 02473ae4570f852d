import Foundation

/// Bars with their names and numbers, longest where the number is.
///
/// Honest by construction: all bars start at 0, on one scale, and each carries its number. The
/// picture has its own ground, so that it reads on any page, and follows the reader's choice of
/// light or dark where style sheets are allowed.
package struct BarChart: Sendable, Equatable {
  package var title: String
  /// What the length of a bar is: `customers`.
  package var measure: String
  package var bars: [Bar]
  /// Bars that were left out.
  package var omitted: Int

  package struct Bar: Sendable, Equatable {
    package var name: String
    package var value: Double
    /// The number as people read it.
    package var label: String

    package init(name: String, value: Double, label: String) {
      self.name = name
      self.value = value
      self.label = label
    }
  }

  package static let most = 30

  /// Shows the first ``most`` of `bars` and says how many more there are.
  package init(title: String, measure: String, bars: [Bar]) {
    self.title = title
    self.measure = measure
    self.bars = Array(bars.prefix(Self.most))
    omitted = max(0, bars.count - Self.most)
  }

  package func svg() -> String {
    let nameWidth = 300
    let barWidth = 380
    let rowHeight = 28
    let top = 64
    let height = top + bars.count * rowHeight + (omitted > 0 || bars.isEmpty ? 34 : 14)
    let largest = bars.map(\.value).max() ?? 0
    var svg = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 \(height)" width="800" \
      height="\(height)" role="img" aria-labelledby="t d" font-family="system-ui, sans-serif" \
      font-size="13">
      <title id="t">\(XMLText.escaped(title))</title>
      <desc id="d">\(XMLText.escaped(spoken))</desc>
      <style>@media (prefers-color-scheme: dark) { .ground { fill: #191d23 } .ink { fill: #eceff3 } \
      .soft { fill: #98a3b2 } .bar { fill: #5fc6b8 } }</style>
      <rect class="ground" width="800" height="\(height)" fill="#ffffff"/>
      <text class="ink" x="16" y="28" font-size="17" font-weight="600" fill="#1a1e25">\
      \(XMLText.escaped(Self.shortened(title, to: 80)))</text>
      <text class="soft" x="16" y="48" fill="#667080">\(XMLText.escaped(measure))</text>

      """
    for (i, bar) in bars.enumerated() {
      let y = top + i * rowHeight
      let width = largest > 0 ? max(bar.value, 0) / largest * Double(barWidth) : 0
      let end = Double(nameWidth) + width
      svg += """
        <g><title>\(XMLText.escaped("\(bar.name): \(bar.label)"))</title>\
        <text class="ink" x="\(nameWidth - 12)" y="\(y + 17)" text-anchor="end" fill="#1a1e25">\
        \(XMLText.escaped(Self.shortened(bar.name, to: 42)))</text>\
        <rect class="bar" x="\(nameWidth)" y="\(y + 4)" width="\(Self.number(width))" height="18" \
        rx="3" fill="#0f5c5c"/>\
        <text class="ink" x="\(Self.number(end + 8))" y="\(y + 17)" fill="#1a1e25">\
        \(XMLText.escaped(bar.label))</text></g>

        """
    }
    if let note {
      svg += """
        <text class="soft" x="16" y="\(height - 14)" fill="#667080">\(XMLText.escaped(note))</text>

        """
    }
    return svg + "</svg>\n"
  }

  private var note: String? {
    if bars.isEmpty { return "No touchpoints answer this question." }
    return omitted > 0 ? "\(omitted) more are not shown." : nil
  }

  private var spoken: String {
    let all = bars.map { "\($0.name): \($0.label)" } + (note.map { [$0] } ?? [])
    return "\(measure). " + all.joined(separator: "; ")
  }

  private static func shortened(_ text: String, to count: Int) -> String {
    text.count <= count ? text : text.prefix(count - 1) + "…"
  }

  private static func number(_ number: Double) -> String { String(format: "%.1f", number) }
}
