import CustomerJourney
import Testing

/// A hand-made journey, the phase of each of its touchpoints, and why it must be so.
typealias PlacedJourney = (journey: String, phases: String, because: String)

@Suite("The built-in journey models")
struct BuiltInModelTests {
  static let stdc: [PlacedJourney] = [
    ("0 page", "see", "a first contact is See"),
    ("0 impression", "see", "seeing an ad is a first contact"),
    ("0 email_sent; 1 page", "see see", "our own mail is no interest"),
    ("0 page; + page; + page", "see see see", "one visit of three pages is not coming back"),
    ("0 page; 3 page; 6 page", "see see think", "came back twice in 30 days"),
    ("0 page; 20 page; 55 page", "see see see", "came back twice, but not within 30 days"),
    ("0 view_item; + view_item; + view_item", "see see think", "three products in a week"),
    ("0 view_item; 6 view_item; 14 view_item", "see see think", "three products, but back twice"),
    ("0 subscribed", "think", "direct entry: a subscription is interest at once"),
    ("0 page; + product-compared; + page", "see think think", "compares, and stays interested"),
    ("0 email-clicked", "think", "an answer to our mail is interest"),
    ("0 add_to_cart", "do", "direct entry: a basket is buying"),
    (
      "0 page; + add_to_cart; + begin_checkout; + purchase 50", "see do do do",
      "Think is skipped by who buys at first sight"
    ),
    ("0 purchase 50", "do", "direct entry: the first purchase itself is Do"),
    ("0 purchase; + page", "do care", "after the purchase everything is Care"),
    ("0 purchase; 10 purchase", "do care", "buying again is Care"),
    ("0 purchase; 2 order_shipped; 30 ticket-created", "do care care", "service is Care"),
    ("0 purchase; 5 add_to_cart; + begin_checkout", "do care care", "a customer's basket is Care"),
    ("0 add_to_cart; + view_item", "do do", "looks on while the basket is fresh"),
    ("0 add_to_cart; 3 page", "do think", "the basket of three days ago is left"),
    (
      "0 add_to_cart; 0.5 review-read; 0.6 view_cart", "do do do",
      "overlap: a review read while the basket waits is still Do"
    ),
    ("0 subscribed; 70 page", "think see", "silence: after 60 days the interest starts anew"),
    ("0 subscribed; 70 subscribed", "think think", "an act of interest ends the silence itself"),
    ("0 subscribed; 30 email_sent; 61 page", "think think see", "our mails do not break a silence"),
    ("0 subscribed; 50 page; 100 page", "think think think", "no silence of 60 days"),
    ("0 add_to_cart; 90 page", "do see", "silence after a basket"),
    ("0 purchase; 100 page", "do care", "a customer who is silent stays one for half a year"),
    ("0 purchase; 200 page", "do see", "return: looking around after half a year is a new cycle"),
    ("0 purchase; 200 subscribed", "do care", "only looking around begins a new cycle"),
    (
      "0 purchase; 200 page; + add_to_cart; + purchase; + page", "do see do do care",
      "the second cycle goes through its own phases"
    ),
    ("0 purchase; 200 ticket-created", "do care", "who needs help did not start anew"),
    ("0 purchase; 200 compare", "do think", "a new cycle can be entered in Think"),
    ("0 purchase; 150 email_opened; 300 page", "do care care", "opening mail is an act"),
    ("0 page; 200 page", "see see", "without a purchase there is no second cycle"),
    ("0 quote_opened; 1 page", "do think", "a quote opened is Do; what follows is interest"),
    ("0 unsubscribed; 1 email_sent", "see see", "no sign at all stays in the first phase"),
  ]

  static let fiveA: [PlacedJourney] = [
    ("0 impression; 1 page", "attention attention", "seen and looked at"),
    ("0 page; 2 page; 4 page", "attention attention consideration", "came back twice in 30 days"),
    ("0 page; 20 page; 55 page", "attention attention attention", "not within 30 days"),
    (
      "0 view_item; 1 view_item; 1.01 view_item", "attention attention consideration",
      "three products in a week"
    ),
    ("0 loyalty-card-scanned", "attention", "an own event that nobody knows is no sign"),
    ("0 generate_lead", "consideration", "direct entry by asking"),
    ("0 chat-started; + page", "consideration consideration", "stays"),
    ("0 add_to_cart", "action", "direct entry by a basket"),
    ("0 sales-contacted", "action", "talks with sales"),
    ("0 begin_checkout; + payment-failed", "action action", "a failed payment is still action"),
    ("0 page; + add_to_cart; + purchase", "attention action action", "consideration is skipped"),
    ("0 add_to_cart; 0.2 page", "action action", "the basket waits"),
    ("0 add_to_cart; 2 page", "action consideration", "the basket was left"),
    ("0 add_to_cart; 0.5 compare", "action action", "overlap: compares while the basket waits"),
    ("0 donate; + page", "action always", "a donation counts as a purchase"),
    ("0 purchase; 1 manual-viewed", "action always", "use"),
    ("0 purchase; 20 purchase; 40 purchase", "action always always", "keeps buying"),
    ("0 purchase; 20 add_to_cart; + purchase", "action always always", "prepares the next one"),
    ("0 purchase; 5 review", "action advocate", "a review after buying"),
    ("0 review", "attention", "a review by somebody who never bought is no advocacy"),
    ("0 purchase; 5 nps #9", "action advocate", "a high score"),
    ("0 purchase; 5 nps #8", "action always", "a score of 8 is not high"),
    ("0 purchase; 5 invite-sent; 6 page", "action advocate advocate", "an advocate stays one"),
    ("0 purchase; 5 share; 6 purchase", "action advocate always", "buying is Always again"),
    ("0 purchase; 5 share; 6 ticket-created", "action advocate always", "so is asking for help"),
    ("0 signed-up; 80 page", "consideration attention", "silence of 60 days"),
    ("0 purchase; 190 view_item", "action attention", "return: a new cycle"),
    (
      "0 purchase; 190 view_item; + purchase; + page", "action attention action always",
      "the second cycle"
    ),
    (
      "0 purchase; 5 review; 200 page", "action advocate attention",
      "a new cycle forgets the phase, also an advocate's"
    ),
    (
      "0 purchase; 200 page; 201 referral", "action attention advocate",
      "what was bought in an earlier cycle still counts for a referral"
    ),
  ]

  static let tenPhases: [PlacedJourney] = [
    ("0 impression", "latent-need", "an advertisement"),
    ("0 page <social", "latent-need", "a visit from social media"),
    ("0 page <seo", "concrete-need", "direct entry: a search brought them"),
    ("0 search", "concrete-need", "a search on the site"),
    ("0 impression; 1 view_item_list", "latent-need concrete-need", "the need takes shape"),
    ("0 contract-ending", "concrete-need", "a contract that ends makes a need"),
    ("0 compare", "orientation", "needs are skipped"),
    ("0 search; + select_promotion", "concrete-need orientation", "reads up on the offer"),
    ("0 page; 2 page; 4 page", "latent-need latent-need orientation", "came back twice"),
    (
      "0 view_item; + view_item; + view_item", "concrete-need concrete-need orientation",
      "three products in a week"
    ),
    (
      "0 compare; + review-read; + compare", "orientation consideration orientation",
      "overlap: orientation and consideration alternate"
    ),
    ("0 compare; + search", "orientation orientation", "a search does not undo the orientation"),
    ("0 demo-requested; + page", "consideration consideration", "stays"),
    ("0 quote-requested; 3 quote-opened", "consideration decision", "the quote is opened"),
    ("0 add_to_cart", "decision", "direct entry"),
    ("0 add_to_cart; + begin_checkout; + purchase", "decision buying buying", "buys"),
    ("0 booking-completed", "buying", "booking is buying"),
    ("0 purchase; 1 page", "buying delivery", "between purchase and delivery"),
    (
      "0 purchase; 1 order_shipped; 3 delivered; 4 page", "buying delivery delivery use",
      "use begins after the delivery"
    ),
    ("0 purchase; 15 page", "buying use", "after two weeks it is in use, delivery seen or not"),
    ("0 purchase; 1 product-activated", "buying use", "delivery is skipped by what works at once"),
    ("0 purchase; 3 delivered; 90 ticket-created", "buying delivery use", "help is use"),
    (
      "0 purchase; 3 delivered; 30 add_to_cart; + purchase", "buying delivery loyalty loyalty",
      "buys again"
    ),
    ("0 purchase; 20 purchase; 21 page", "buying loyalty delivery", "waits for the second one"),
    ("0 purchase; 20 purchase; 50 page", "buying loyalty loyalty", "loyal until a sign of other"),
    ("0 purchase; 360 renewal", "buying loyalty", "renews"),
    ("0 purchase; 90 churn", "buying loyalty", "loyalty is also where they leave"),
    ("0 purchase; 20 review", "buying ambassador", "a review"),
    ("0 purchase; 20 invite-sent; 21 page", "buying ambassador ambassador", "stays"),
    ("0 compare; 70 page", "orientation latent-need", "silence of 60 days"),
    ("0 compare; 70 search", "orientation concrete-need", "silence, and back with a need"),
    ("0 purchase; 200 page", "buying latent-need", "return: a new cycle"),
    (
      "0 purchase; 200 search; + add_to_cart; + purchase", "buying concrete-need decision buying",
      "a new cycle goes to buying again"
    ),
  ]

  static let journeys: [(model: String, row: PlacedJourney)] =
    stdc.map { ("stdc", $0) } + fiveA.map { ("five-a", $0) } + tenPhases.map { ("ten-phases", $0) }

  static func model(_ id: String) throws -> JourneyModel {
    try #require(JourneyModel.builtIn.first { $0.id == id })
  }

  @Test("a hand-made journey is placed as a marketer would", arguments: journeys)
  func placing(_ example: (model: String, row: PlacedJourney)) throws {
    let model = try Self.model(example.model)
    let placements = model.place(SketchedJourney.touchpoints(example.row.journey))
    let phases = placements.map { model.phases[$0.phase].id }.joined(separator: " ")
    #expect(phases == example.row.phases, "\(example.row.because)")
  }

  @Test(
    "the number of purchases from which Care begins is a setting",
    arguments: [
      ("stdc", 1, "do care care care care"), ("stdc", 2, "do do care care care"),
      ("stdc", 3, "do do do do care"),
      ("five-a", 1, "action always always always always"),
      ("five-a", 2, "action action always always always"),
      ("five-a", 3, "action action action action always"),
      ("ten-phases", 1, "buying loyalty loyalty loyalty delivery"),
      ("ten-phases", 2, "buying buying loyalty loyalty delivery"),
      ("ten-phases", 3, "buying buying loyalty buying delivery"),
    ])
  func carePurchases(id: String, purchases: Int, phases: String) throws {
    let model = try Self.model(id).with(settings: ["carePurchases": Double(purchases)])
    #expect(model.settings["carePurchases"] == Double(purchases))
    let journey = SketchedJourney.touchpoints(
      "0 purchase; 10 purchase; 10.01 account-viewed; 20 purchase; 20.01 email_sent")
    let placed = model.place(journey).map { model.phases[$0.phase].id }
    #expect(placed.joined(separator: " ") == phases)
  }

  @Test("a cycle begins where a customer starts anew, and nowhere else")
  func cycles() throws {
    for model in JourneyModel.builtIn {
      let journey = SketchedJourney.touchpoints(
        "0 page; 1 purchase; 100 page; 300 page; 301 page; 302 purchase; 600 search")
      #expect(model.place(journey).map(\.cycle) == [0, 0, 0, 1, 1, 1, 2], "\(model.id)")
    }
  }

  @Test("a placement names the rule that decided it, or none when the customer stayed")
  func reasons() throws {
    let model = try Self.model("stdc")
    let placements = model.place(SketchedJourney.touchpoints("0 page; + page; + add_to_cart"))
    let reasons = placements.map { $0.rule.map { model.rules[$0].because(.dutch) } }
    #expect(
      reasons == ["Eerste contact in deze ronde", nil, "Heeft een mandje in de hand"])
  }

  @Test("every model speaks both languages everywhere, and asks a question per phase")
  func languages() {
    #expect(JourneyModel.builtIn.map(\.id) == ["stdc", "five-a", "ten-phases"])
    #expect(JourneyModel.builtIn.map(\.phases.count) == [4, 5, 10])
    for model in JourneyModel.builtIn {
      for phase in model.phases {
        #expect(phase.name.nl != nil && phase.question.nl != nil)
        #expect(phase.question.en.hasSuffix("?") && phase.question.nl?.hasSuffix("?") == true)
        #expect(!phase.measures.isEmpty && phase.measures.allSatisfy { $0.nl != nil })
      }
      #expect(model.rules.allSatisfy { $0.because.nl != nil })
    }
  }

  @Test("each rule of each model decides in at least one of the journeys above")
  func everyRuleDecides() throws {
    for model in JourneyModel.builtIn {
      var used: Set<Int> = []
      for example in Self.journeys where example.model == model.id {
        used.formUnion(
          model.place(SketchedJourney.touchpoints(example.row.journey)).compactMap(\.rule))
      }
      let unused = Set(model.rules.indices).subtracting(used).sorted()
        .map { model.rules[$0].because.en }
      #expect(unused.isEmpty, "\(model.id)")
    }
  }
}
