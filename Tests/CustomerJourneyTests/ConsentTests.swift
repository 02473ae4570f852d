import Testing

@testable import CustomerJourney

@Suite("What somebody allows")
struct ConsentTests {
  private static func line(
    _ key: String, _ state: ConsentState, _ second: Int64, _ means: ConsentMeans = .server
  ) -> ConsentEntry {
    ConsentEntry(
      key: key, purpose: "marketing", channel: .email, state: state,
      happened: Timestamp(seconds: second), means: means, by: "shop")
  }

  @Test(
    "the last word of one identity counts, between identities the strictest, and an own act over all",
    arguments: [
      ([], nil),
      ([line("a", .given, 1)], .given),
      ([line("a", .given, 1), line("a", .refused, 2)], .refused),
      ([line("a", .refused, 1), line("a", .given, 2)], .given),
      // Two identities of one customer, after a merge.
      ([line("a", .refused, 1), line("b", .given, 2)], .refused),
      ([line("a", .given, 2), line("b", .refused, 1)], .refused),
      ([line("a", .refused, 1), line("b", .given, 2, .preferences)], .given),
      ([line("a", .refused, 1), line("b", .given, 2, .confirmation)], .given),
      ([line("a", .given, 3), line("b", .refused, 2, .unsubscribe)], .refused),
      ([line("a", .refused, 3), line("b", .given, 2, .preferences)], .refused),
      ([line("b", .refused, 2, .preferences), line("b", .given, 3)], .given),
      // A question takes nothing back, and nothing follows from it.
      ([line("a", .given, 1), line("a", .pending, 2, .request)], .given),
      ([line("a", .refused, 1), line("a", .pending, 2, .request)], .refused),
      ([line("a", .pending, 2, .request)], .pending),
      ([line("a", .pending, 1, .request), line("a", .given, 2, .confirmation)], .given),
      // Of one moment the stricter.
      ([line("a", .given, 1), line("a", .refused, 1)], .refused),
    ] as [([ConsentEntry], ConsentState?)])
  func deciding(entries: [ConsentEntry], state: ConsentState?) {
    #expect(ConsentEntry.state(of: entries) == state)
    #expect(ConsentEntry.state(of: entries.reversed()) == state)
  }

  @Test("whatever the order in which lines come, the same holds", arguments: 0..<200)
  func anyOrder(seed: UInt64) {
    var random = SeededRandom(seed: seed &+ 1)
    let entries = (0..<6).map { _ in
      Self.line(
        ["a", "b", "c"].randomElement(using: &random) ?? "a",
        ConsentState.allCases.randomElement(using: &random) ?? .given,
        Int64.random(in: 1...4, using: &random),
        ConsentMeans.allCases.randomElement(using: &random) ?? .server)
    }
    let first = ConsentEntry.state(of: entries)
    for _ in 0..<5 {
      #expect(
        ConsentEntry.state(of: entries.shuffled(using: &random)) == first, "seed \(seed)")
    }
  }

  @Test("a browser's yes counts for what happens in it, its no for all")
  func claims() {
    func claim(_ channel: Channel, _ isGiven: Bool, _ claimant: Claimant) -> ConsentState {
      ConsentClaim(
        customer: "4711", purpose: "marketing", channel: channel, isGiven: isGiven,
        happened: .epoch, received: .epoch, source: "shop", claimant: claimant, isSaid: true
      ).entry.state
    }
    #expect(claim(.website, true, .browser) == .given)
    #expect(claim(.email, true, .browser) == .pending)
    #expect(claim(.email, false, .browser) == .refused)
    #expect(claim(.email, true, .server) == .given)
    #expect(claim(.email, true, .file) == .given)
  }

  @Test("what needs no yes is allowed until somebody says no")
  func withoutYes() throws {
    let before = ConsentStanding.all(of: [], asked: ConsentPurpose.usual)
    let service = ConsentGrant(channel: .email, purpose: "service")
    #expect(before.first { $0.grant == service }?.isAllowed == true)
    #expect(
      before.first { $0.grant == ConsentGrant(channel: .email, purpose: "marketing") }?.isAllowed
        == false)
    var no = Self.line("a", .refused, 1)
    no.purpose = "service"
    let after = ConsentStanding.all(of: [no], asked: ConsentPurpose.usual)
    #expect(after.first { $0.grant == service }?.isAllowed == false)
  }

  @Test(
    "a column says yes or no in the words of files",
    arguments: [
      ("ja", true), ("NO", false), ("1", true), ("granted", true), ("maybe", nil), ("", nil),
    ] as [(String, Bool?)])
  func columns(text: String, answer: Bool?) {
    let change = ProfileChange(customer: "a", occurred: .epoch, source: "file")
    let claim = ConsentClaim(trait: "consent.email.marketing", .text(text), of: change)
    #expect(claim?.isGiven == answer)
    #expect(claim.map(\.channel) == answer.map { _ in .email })
    #expect(ConsentClaim(trait: "consent", .text("ja"), of: change) == nil)
  }
}

@Suite("Texts that must not be left")
struct ErasedTextsTests {
  @Test(
    "a text is found in any case, and as it stands in JSON and addresses",
    arguments: [
      ("anna@shop.nl", "Mail ANNA@Shop.NL now", true),
      ("anna@shop.nl", "/a?mail=anna%40shop.nl&x", true),
      ("Kerkstraat 5", "to=Kerkstraat+5", true),
      ("Kerkstraat 5", "to=Kerkstraat%205", true),
      ("José de Vries", "\"jos\\u00e9 de vries\"", true),
      ("17/a4", "\"17\\/a4\"", true),
      // A short one only where it stands alone.
      ("anna", "hannah", false), ("anna", "/u/anna/x", true), ("anna", "u%2Fanna", true),
      ("4711", "147110", false), ("4711", "\"id\":4711}", true),
      // Too short to mean anybody.
      ("17", "17", false), ("", "x", false),
    ])
  func found(text: String, in place: String, isThere: Bool) {
    let texts = ErasedTexts([text])
    #expect(texts.isFound(in: place) == isThere)
    #expect(!texts.isFound(in: texts.replaced(in: place, with: "-")))
    #expect((texts.replaced(in: place, with: "-") == place) == !isThere)
  }

  @Test("what stands around it stays, however often it is there")
  func replaced() {
    let texts = ErasedTexts(["anna@shop.nl", "anna@shop.nl.test"])
    #expect(
      texts.replaced(in: "a anna@shop.nl b ANNA@SHOP.NL.test c", with: "x") == "a x b x c")
  }

  @Test(
    "a short number tells nobody",
    arguments: [("4711", false), ("123456789", true), ("ab12cd", true), ("anna", false)])
  func telling(text: String, isTelling: Bool) {
    #expect(ErasedTexts.isTelling(text) == isTelling)
  }
}

/// SplitMix64.
private struct SeededRandom: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
