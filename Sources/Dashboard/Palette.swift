import CustomerJourney

/// The colours of channels: eight hues that colour-blind people can tell apart, each solid and with
/// a light core, so that sixteen lines differ. Lines are labelled too; colour is never all there is.
struct Palette {
  static let hues: [(light: String, dark: String)] = [
    ("#0b7f74", "#2bb8a6"),  // teal
    ("#7a45c9", "#ab86f0"),  // purple
    ("#2563cf", "#6ea1ff"),  // blue
    ("#cf4520", "#ff8059"),  // vermilion
    ("#9a6a00", "#e5b13a"),  // ochre
    ("#b83280", "#f17fc0"),  // magenta
    ("#55637a", "#9aabc4"),  // slate
    ("#4d7c0f", "#a0d04a"),  // leaf
  ]
  static let slots = hues.count * 2

  /// Fixed for the built-in channels, so that a channel has one colour on every page.
  private static let builtIn: [String: Int] = [
    "Search": 0, "Social media": 1, "Website": 2, "Email": 3, "App": 4, "Shop": 5, "Phone": 6,
    "Online ad": 7, "Chat": 8, "SMS": 9, "Push": 10, "Post": 11, "Live meeting": 12,
  ]

  private var slotOfChannel: [String: Int] = [:]

  /// Own channels get the first slots that the others leave free, in their order.
  init(channels: [String]) {
    var taken = Set(channels.compactMap { Self.builtIn[$0] })
    for channel in channels where slotOfChannel[channel] == nil {
      if let slot = Self.builtIn[channel] {
        slotOfChannel[channel] = slot
      } else {
        let slot =
          (0..<Self.slots).first { !taken.contains($0) } ?? slotOfChannel.count % Self.slots
        taken.insert(slot)
        slotOfChannel[channel] = slot
      }
    }
  }

  private func slot(_ channel: String) -> Int { slotOfChannel[channel] ?? 6 }

  /// The class that gives an element `--hue`.
  func hueClass(_ channel: String) -> String { "hue-\(slot(channel) % Self.hues.count)" }
  func hasCore(_ channel: String) -> Bool { slot(channel) >= Self.hues.count }

  /// One class a hue, in light and dark.
  static var css: String {
    func rules(_ color: (Int) -> String) -> String {
      hues.indices.map { ".hue-\($0){--hue:\(color($0))}" }.joined(separator: "\n")
    }
    return "\n" + rules { hues[$0].light } + "\n@media(prefers-color-scheme:dark){\n"
      + rules { hues[$0].dark } + "\n}\n"
  }
}

/// The measures that the map's columns on the page and its picture share: a column for names, then
/// one a phase.
enum MapGrid {
  static let nameWidth = 150.0

  /// Width of one phase's column in the picture; about pixels on a desktop screen.
  static func columnWidth(phases: Int) -> Double {
    min(258, max(112, 1030 / Double(max(1, phases))))
  }

  static func width(phases: Int) -> Double {
    nameWidth + Double(phases) * columnWidth(phases: phases)
  }

  /// One class a number of phases: the same proportions as the picture at any width.
  static var css: String {
    (1...Limits.phasesPerModel).map { phases in
      let width = width(phases: phases)
      return ".cols-\(phases){min-width:\(Int(width * 0.78))px;max-width:\(Int(width * 1.2))px}"
        + ".cols-\(phases) .row{grid-template-columns:minmax(0,\(coordinate(nameWidth))fr) "
        + "repeat(\(phases),minmax(0,\(coordinate(columnWidth(phases: phases)))fr))}"
    }.joined(separator: "\n")
  }
}
