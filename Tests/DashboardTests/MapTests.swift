import CustomerJourney
import Testing

@testable import Dashboard
@testable import Insights

@Suite struct MapTests {
  @Test(
    "A map is drawn whole, whatever its size",
    arguments: [
      (Samples.stdc, 7, 48_210, "the usual one"), (Samples.stdc, 1, 1, "one customer"),
      (Samples.stdc, 0, 0, "nobody"), (Samples.fiveA, 14, 12_345_678, "many of each"),
      (Samples.tenPhases, 14, 12_345_678, "ten phases, every channel"),
    ])
  func sizes(model: JourneyModel, channels: Int, customers: Int, reason: String) {
    var samples = Samples(seed: 11)
    let map = samples.map(
      model, channels: Array(Samples.manyChannels.prefix(channels)), customers: customers)
    for language in Language.allCases {
      let page = Pages.mapPage(
        MapPage(map: map, model: model), PageSet.context("/", language))
      #expect(PageTests.unclosed(page) == nil)
      #expect(!page.contains("nan") && !page.contains("inf\""))
      for phase in model.phases { #expect(page.contains(phase.name(language))) }
    }
  }

  private func picture(
    channels: [String], limit: Int = MapPicture.channelsShown, empty: Set<Int> = []
  ) -> MapPicture {
    var samples = Samples(seed: 5)
    let map = samples.map(Samples.stdc, channels: channels, customers: 9000, empty: empty)
    return MapPicture(
      map: map, model: Samples.stdc, language: .english, channelLimit: limit, phaseLink: nil)
  }

  @Test("The smallest channels fold into one lane that loses no touchpoint")
  func folding() throws {
    let folded = picture(channels: Samples.manyChannels)
    let unfolded = picture(channels: Samples.manyChannels, limit: .max)
    #expect(folded.lanes.count == MapPicture.channelsShown + 1)
    #expect(unfolded.lanes.count == unfolded.allChannels.count)
    #expect(unfolded.foldedChannels == 0)
    func sums(_ picture: MapPicture) -> [Int] {
      picture.columns.indices.map { column in
        picture.lanes.reduce(0) { $0 + ($1.stops[column]?.touchpoints ?? 0) }
      }
    }
    #expect(sums(folded) == sums(unfolded))
    let name = try #require(folded.lanes.last).name
    #expect(name == "+\(folded.foldedChannels) more channels")
  }

  @Test("One channel too many is shown and not folded: the fold would take as much room")
  func noFoldForOne() {
    let channels = Array(Samples.manyChannels.prefix(MapPicture.channelsShown + 1))
    #expect(picture(channels: channels).foldedChannels == 0)
  }

  private func map(_ phases: [JourneyMap.Phase], customers: Int = 100) -> JourneyMap {
    JourneyMap(model: "stdc", customers: customers, touchpoints: 0, phases: phases, flows: [])
  }

  private func phase(
    _ id: String, _ customers: Int, next: [JourneyMap.Next] = [], channels: [String] = []
  ) -> JourneyMap.Phase {
    .init(
      id: id, customers: customers, touchpoints: customers, entered: customers,
      medianDwellSeconds: nil, next: next,
      channels: channels.map { .init(channel: $0, touchpoints: 5, customers: 5) }, content: [],
      dwell: [])
  }

  @Test("Where customers go is told apart: on, back and out, in that order")
  func moves() {
    let map = map([
      phase("see", 100),
      phase(
        "think", 50,
        next: [
          .init(to: "(end)", customers: 20, medianSeconds: nil),
          .init(to: "see", customers: 5, medianSeconds: 60),
          .init(to: "do", customers: 10, medianSeconds: 60),
          .init(to: "care", customers: 15, medianSeconds: 60),
        ]), phase("do", 30), phase("care", 10),
    ])
    let picture = MapPicture(
      map: map, model: Samples.stdc, language: .english, channelLimit: 9, phaseLink: nil)
    let think = picture.columns[1]
    #expect(think.moves.map(\.name) == ["Care", "Do", "See", "(end)"])
    #expect(think.moves.map(\.direction) == [.on, .on, .back, .out])
    #expect(think.toNextPhase?.share == 0.2)
    #expect(think.outShare == 0.4)
    #expect(picture.columns[3].toNextPhase == nil)
  }

  @Test("A gap is where a channel falls silent while customers are there")
  func gaps() {
    let map = map([
      phase("see", 100, channels: ["Website"]),
      phase("think", 50, channels: ["Website", "Email"]), phase("do", 30, channels: ["Email"]),
      phase("care", 0),
    ])
    let picture = MapPicture(
      map: map, model: Samples.stdc, language: .english, channelLimit: 9, phaseLink: nil)
    let website = picture.lanes[0]
    let email = picture.lanes[1]
    #expect(website.name == "Website" && email.name == "Email")
    #expect(
      picture.columns.indices.map { picture.isGap(website, $0) } == [false, false, true, false])
    #expect(
      picture.columns.indices.map { picture.isGap(email, $0) } == [false, false, false, false],
      "not before it began, and not where nobody is")
    // Below its place and in the middle of the band: beside it the label would run out of the map.
    let label = picture.field().firstMatch(
      of: #/<text x="([0-9.]+)"[^>]*text-anchor="middle" class="gap-label">/#)
    #expect(label.map { String($0.1) } == coordinate(2.5 * picture.columnWidth))
  }

  @Test("What flows out and its label stay within the band, also when all leave", arguments: 1...12)
  func outLabels(phases: Int) throws {
    var model = Samples.tenPhases
    model.phases = (0..<phases).map {
      .init(id: "p\($0)", name: LocalizedText(en: "P"), question: LocalizedText(en: "?"))
    }
    let leave = model.phases.map {
      phase($0.id, 100, next: [.init(to: "(end)", customers: 100, medianSeconds: nil)])
    }
    let picture = MapPicture(
      map: map(leave), model: model, language: .english, channelLimit: 9, phaseLink: nil)
    let labels = picture.field().matches(of: #/<text x="([0-9.]+)"[^>]*out-label">([^<]*)</#)
    #expect(labels.count == phases)
    for (index, label) in labels.enumerated() {
      // A digit of this size is 7 units wide.
      let end = try #require(Double(label.1)) + 7 * Double(label.2.count)
      #expect(end < Double(index + 1) * picture.columnWidth - 6, "\(label.2)")
    }
  }

  private func sentence(_ map: JourneyMap, _ language: Language, _ query: Query = Query())
    -> MapSentence
  {
    MapSentence(
      map: map, model: Samples.stdc, context: PageSet.context("/", language, query: query))
  }

  @Test("The sentence says how far customers came and where most stop")
  func sentenceOfAll() {
    let map = map([
      phase("see", 100, next: [.init(to: "(end)", customers: 60, medianSeconds: nil)]),
      phase("think", 40, next: [.init(to: "(end)", customers: 10, medianSeconds: nil)]),
      phase("do", 30), phase("care", 13),
    ])
    let english = sentence(map, .english, Query(from: "2025-01-01"))
    #expect(
      english.text.map { $0 == "\u{A0}" ? " " : String($0) }.joined()
        == "100 customers met us since 1 Jan 2025; 30 in 100 came to Do and 13 in 100 came to Care."
        + " Most journeys that stop before Care stop in See: 60 customers, 60 in 100 of those "
        + "there.")
    #expect(english.advice == nil)
  }

  @Test("Data that start at the till say so", arguments: Language.allCases)
  func startAtTill(language: Language) throws {
    let advice = try #require(
      sentence(
        map([phase("see", 0), phase("think", 0), phase("do", 100), phase("care", 40)]), language
      ).advice)
    let start = language == .dutch ? "Vóór Doen zien we niets" : "We don't see anything before Do"
    #expect(advice.hasPrefix(start))
  }

  @Test("Data that stop early, or skip a phase, say so")
  func stopsEarly() throws {
    let early = sentence(
      map([phase("see", 100), phase("think", 5), phase("do", 0), phase("care", 0)]), .english)
    #expect(try #require(early.advice).hasPrefix("We don't see anything after Think"))
    let skips = sentence(
      map([phase("see", 100), phase("think", 0), phase("do", 9), phase("care", 3)]), .english)
    #expect(try #require(skips.advice).hasPrefix("We see nobody in Think"))
    let nobody = sentence(map([phase("see", 0)], customers: 0), .english)
    #expect(nobody.text == "We see nobody with this question.")
  }

  @Test("A silence is drawn taller the longer it took, up to a limit")
  func silence() {
    let days = [1.0, 3, 10, 43, 200, 900, 9000]
    let sizes = days.map { Pages.silenceSize($0 * 86_400) }
    #expect(sizes == sizes.sorted() && Set(sizes).count >= 6)
    #expect(sizes.first == 1 && sizes.last == 8)
  }
}
