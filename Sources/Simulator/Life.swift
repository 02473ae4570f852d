import CustomerJourney

/// One person's touchpoints, from the first to the last, as chance and the scenario have it.
struct Life {
  let key: String
  let persona: Scenario.Persona
  private let scenario: Scenario
  private let span: Span
  private var chance: Chance
  private var isSubscribed = false
  private(set) var isAmbassador = false
  private(set) var touchpoints: [Touchpoint] = []
  private(set) var tally = Tally()
  /// People who come because this one invited them, and when.
  private(set) var invited: [(moment: Int64, seed: UInt64)] = []

  init(
    key: String, persona: Scenario.Persona, scenario: Scenario, span: Span, chance: Chance
  ) {
    self.key = key
    self.persona = persona
    self.scenario = scenario
    self.span = span
    self.chance = chance
    touchpoints.reserveCapacity(32)
  }

  /// Lives from a first need on, until there is no other or the simulation ends.
  mutating func live(from birth: Int64, invitedBy inviter: String?) {
    tally.customers = 1
    tally.personas[persona.id] = 1
    var moment = birth
    var isBrought = inviter != nil
    while moment < span.end.milliseconds {
      let plan = plan(from: moment, isBrought: isBrought)
      let bought = play(plan, inviter: isBrought ? inviter : nil, until: &moment)
      isBrought = false
      guard bought, chance.happens(persona.comesBack) else { break }
      moment += Int64((20 + chance.wait(70)) * Double(Span.day))
    }
    // Arrival stays the order of touchpoints of the same moment.
    touchpoints = touchpoints.enumerated().sorted {
      ($0.element.occurred, $0.offset) < ($1.element.occurred, $1.offset)
    }.map(\.element)
    for at in touchpoints.indices { touchpoints[at].messageID = "\(key)-\(at + 1)" }
    tally.touchpoints = touchpoints.count
  }

  // MARK: A round, planned

  /// A visit that will happen unless somebody has bought before.
  private struct Visit {
    var moment: Int64
    var origin: String
    var device: Device
    var contents: [String] = []
    /// Asks for the newsletter, which then brings some of the later visits.
    var subscribes = false
    /// What in this visit would make the person buy.
    var causes: Set<Cause> = []
  }

  private enum Cause: Hashable {
    case need
    case origin(String)
    case content(String)
  }

  /// All visits of a round with what each would bring about, so that one can say what would have
  /// happened without an origin or a page.
  private mutating func plan(from birth: Int64, isBrought: Bool) -> [Visit] {
    var visits: [Visit] = []
    var moment = birth
    let count = 1 + chance.count(persona.visits)
    var hasNewsletter = isSubscribed
    let visitOfNeed = chance.happens(persona.ownNeed) ? chance.below(count) : nil
    for number in 0..<count {
      if number > 0 { moment += Int64(chance.wait(4) * Double(Span.day)) + Span.minute * 30 }
      moment = span.awake(moment, &chance)
      var origin = isBrought && number == 0 ? "Referral" : arrival(at: moment)
      if hasNewsletter, number > 0, chance.happens(0.4) { origin = "Email" }
      var visit = visit(at: moment, from: origin)
      if !hasNewsletter, chance.happens(0.12) {
        visit.subscribes = true
        hasNewsletter = true
      }
      if number == visitOfNeed { visit.causes.insert(.need) }
      visits.append(visit)
      // An advertisement that follows who looked around. It finds whom it would have found anyway.
      if chance.happens(0.2) {
        moment = span.awake(moment + Span.day / 2, &chance)
        visits.append(self.visit(at: moment, from: "Display"))
      }
    }
    return visits
  }

  private mutating func visit(at moment: Int64, from origin: String) -> Visit {
    let isPhone = chance.happens(persona.phones)
    let device = isPhone ? "Phone" : chance.happens(0.1) ? "Tablet" : "Desktop"
    var visit = Visit(moment: moment, origin: origin, device: Device(canonical: device))
    if let effect = scenario.origins.first(where: { $0.origin == origin }),
      chance.happens(effect.adds)
    {
      visit.causes.insert(.origin(origin))
    }
    for content in scenario.contents where chance.happens(content.shown) {
      visit.contents.append(content.content)
      if chance.happens(content.adds) { visit.causes.insert(.content(content.content)) }
    }
    return visit
  }

  private mutating func arrival(at moment: Int64) -> String {
    let names = persona.arrivals.keys.sorted()
    var weights = names.map { persona.arrivals[$0] ?? 0 }
    if let drift = scenario.drift {
      let done = (span.dayNumber(moment) - Double(drift.firstDay)) / Double(max(1, drift.days))
      let part = min(1, max(0, done))
      for (at, name) in names.enumerated() {
        weights[at] *= 1 + part * ((drift.factors[name] ?? 1) - 1)
      }
    }
    return names[chance.weighted(weights)]
  }

  // MARK: A round, played

  /// Visits until one makes the person buy. True when there is an order.
  private mutating func play(
    _ plan: [Visit], inviter: String?, until moment: inout Int64
  ) -> Bool {
    for (number, visit) in plan.enumerated() {
      moment = visit.moment
      guard moment < span.end.milliseconds else { return false }
      var properties: Properties = [:]
      if number == 0, let inviter { properties["referredBy"] = .text(inviter) }
      let products = lookAround(visit, properties: properties, &moment)
      guard !visit.causes.isEmpty else {
        if chance.happens(0.06) { leaveBasket(products, visit, &moment) }
        continue
      }
      guard let value = buy(products, visit, &moment) else { return false }
      count(value, plan)
      serve(after: moment)
      return true
    }
    return false
  }

  /// Counts an order for each origin and content without which nothing would have brought it about.
  private mutating func count(_ value: Int64, _ plan: [Visit]) {
    tally.orders += 1
    tally.revenue += value
    let causes = plan.reduce(into: Set<Cause>()) { $0.formUnion($1.causes) }
    guard causes.count == 1, let only = causes.first else { return }
    switch only {
    case .need: break
    case .origin(let name):
      tally.origins[name, default: Tally.Cause()].orders += 1
      tally.origins[name, default: Tally.Cause()].revenue += value
    case .content(let name):
      tally.contents[name, default: Tally.Cause()].orders += 1
      tally.contents[name, default: Tally.Cause()].revenue += value
    }
  }

  /// Arrives, and looks at some products; they are what may be bought.
  private mutating func lookAround(
    _ visit: Visit, properties: Properties, _ moment: inout Int64
  ) -> [Assortment.Product] {
    let origin = Origin(canonical: visit.origin)
    tally.origins[visit.origin, default: Tally.Cause()].times += 1
    switch visit.origin {
    case "Email":
      let subject = "Nieuwsbrief \(CivilTime.of(milliseconds: moment).civil.dateText.prefix(7))"
      add("Message Sent", moment - Span.minute * 200, .email, content: subject)
      add("Message Opened", moment - Span.minute * 2, .email, content: subject)
      add("Message Clicked", moment - Span.minute, .email, content: subject)
    case "Display", "Paid Social":
      let channel = visit.origin == "Display" ? "Online ad" : "Social media"
      add(
        "Ad Impression", moment - Span.minute * 3, Channel(canonical: channel), origin: origin,
        campaign: Self.campaign(visit.origin), device: visit.device)
    default: break
    }
    add(
      "Page Viewed", moment, .website, origin: origin, campaign: Self.campaign(visit.origin),
      device: visit.device, content: "/", properties: properties)
    for content in visit.contents {
      step(&moment)
      tally.contents[content, default: Tally.Cause()].times += 1
      add("Content Viewed", moment, .website, device: visit.device, content: content)
    }
    step(&moment)
    if chance.happens(0.3) {
      add(
        "Products Searched", moment, .website, device: visit.device,
        properties: ["query": .text(persona.category.lowercased())])
    } else {
      add("Product List Viewed", moment, .website, device: visit.device, content: persona.category)
    }
    var products: [Assortment.Product] = []
    for _ in 0..<chance.between(1, 3) {
      step(&moment)
      let product = Assortment.product(of: persona.category, &chance)
      products.append(product)
      add(
        "Product Viewed", moment, .website, device: visit.device, content: product.name,
        properties: Self.properties(product))
    }
    if chance.happens(0.1) {
      step(&moment)
      add("Review Read", moment, .website, device: visit.device, content: products.last?.name)
    }
    if visit.subscribes {
      step(&moment)
      isSubscribed = true
      add("Subscribed", moment, .website, device: visit.device, content: "Nieuwsbrief")
    }
    return products
  }

  private mutating func fill(
    _ products: [Assortment.Product], _ visit: Visit, _ moment: inout Int64
  ) {
    for product in products {
      step(&moment)
      add(
        "Product Added", moment, .website, device: visit.device, content: product.name,
        properties: Self.properties(product))
    }
    step(&moment)
    add("Cart Viewed", moment, .website, device: visit.device)
  }

  /// A basket that nobody means to buy.
  private mutating func leaveBasket(
    _ products: [Assortment.Product], _ visit: Visit, _ moment: inout Int64
  ) {
    fill([chance.one(of: products)], visit, &moment)
    guard chance.happens(0.3) else { return }
    step(&moment)
    add("Checkout Started", moment, .website, device: visit.device)
  }

  /// Tries to buy. The value in cents, or nil when the basket is left.
  private mutating func buy(
    _ looked: [Assortment.Product], _ visit: Visit, _ moment: inout Int64
  ) -> Int64? {
    let products = Array(looked.prefix(chance.between(1, looked.count)))
    fill(products, visit, &moment)
    // Looking for a coupon when all is decided: the coupon's site was the last to bring them.
    if chance.happens(0.12) {
      step(&moment)
      tally.origins["Affiliates", default: Tally.Cause()].times += 1
      add(
        "Page Viewed", moment, .website, origin: Origin(canonical: "Affiliates"),
        campaign: "kortingscodes", device: visit.device, content: "/mandje")
    }
    guard checkOut(visit, &moment), pay(visit, &moment) else { return nil }
    step(&moment)
    let value = products.reduce(0) { $0 + $1.price }
    let order = "\(key)-\(moment / 1000)"
    guard
      add(
        "Order Completed", moment, .website, device: visit.device,
        content: products.count == 1 ? products[0].name : nil,
        value: Money(minorUnits: value, currency: .eur),
        properties: ["order_id": .text(order), "products": .number(Double(products.count))])
    else { return nil }
    return value
  }

  private mutating func checkOut(_ visit: Visit, _ moment: inout Int64) -> Bool {
    let loop = scenario.checkoutLoop.flatMap { $0.device == visit.device.name ? $0 : nil }
    step(&moment)
    add("Checkout Started", moment, .website, device: visit.device)
    if loop != nil { tally.checkouts.started += 1 }
    if let loop, chance.happens(loop.share) {
      tally.checkouts.turnedBack += 1
      for _ in 0..<4 {
        step(&moment)
        add("Cart Viewed", moment, .website, device: visit.device)
        if chance.happens(loop.givesUp) {
          tally.checkouts.givenUp += 1
          return false
        }
        step(&moment)
        add("Checkout Started", moment, .website, device: visit.device)
        if chance.happens(0.5) { break }
      }
    }
    // Second thoughts, that have nothing to do with what is planted.
    if chance.happens(0.12) { return false }
    step(&moment)
    add(
      "Checkout Step Completed", moment, .website, device: visit.device, content: "Bezorging",
      properties: ["step": .number(2)])
    return !chance.happens(0.08)
  }

  private mutating func pay(_ visit: Visit, _ moment: inout Int64) -> Bool {
    let method = ["iDEAL", "PayPal", "Creditcard"][chance.weighted([0.7, 0.15, 0.15])]
    let fault = scenario.paymentFault.flatMap { fault in
      let day = span.dayNumber(moment) - Double(fault.firstDay)
      return fault.method == method && day >= 0 && day < Double(fault.days) ? fault : nil
    }
    for attempt in 1...2 {
      step(&moment)
      guard
        add(
          "Payment Info Entered", moment, .website, device: visit.device, content: method)
      else { return false }
      if fault != nil { tally.payments.tried += 1 }
      guard chance.happens(fault?.share ?? 0.01) else { return true }
      if fault != nil { tally.payments.failed += 1 }
      step(&moment)
      add("Payment Failed", moment, .website, device: visit.device, content: method)
      if attempt == 2 || chance.happens(0.5) { break }
    }
    if fault != nil { tally.payments.ordersLost += 1 }
    return false
  }

  // MARK: Afterwards

  /// Delivery, use, service, and for some more than that.
  private mutating func serve(after order: Int64) {
    add("Message Sent", order + Span.minute, .email, content: "Bevestiging van je bestelling")
    let shipped = span.awake(order + Span.day, &chance)
    add("Order Shipped", shipped, .email, content: "Je bestelling is onderweg")
    if chance.happens(0.3) {
      add("Order Tracked", shipped + Span.minute * 90, .website, content: "Track & trace")
    }
    let delivered = span.awake(shipped + Span.day * Int64(chance.between(1, 2)), &chance)
    add("Order Delivered", delivered, Channel(canonical: "Post"))
    if chance.happens(0.12) {
      let channel = Channel(canonical: chance.happens(0.5) ? "Chat" : "Phone")
      let asked = span.awake(delivered + Span.day, &chance)
      add("Support Requested", asked, channel)
      add("Support Resolved", asked + Span.minute * 12, channel)
    }
    if chance.happens(0.15) {
      add(
        "Manual Viewed", span.awake(delivered + Span.day, &chance), .website,
        content: "Verzorging en onderhoud")
    }
    if !isAmbassador, let plant = scenario.ambassadors, chance.happens(plant.share) {
      recommend(plant, from: delivered)
    } else if chance.happens(0.2) {
      add(
        "Survey Answered", span.awake(delivered + Span.day * 4, &chance), .email,
        properties: ["score": .number(Double(chance.between(5, 8)))])
    }
  }

  private mutating func recommend(_ plant: Scenario.Ambassadors, from delivered: Int64) {
    var moment = span.awake(delivered + Span.day * 4, &chance)
    guard
      add(
        "Survey Answered", moment, .email,
        properties: ["score": .number(Double(chance.between(9, 10)))])
    else { return }
    isAmbassador = true
    tally.ambassadors = 1
    step(&moment)
    add("Product Reviewed", moment, .website, properties: ["rating": .number(5)])
    for _ in 0..<plant.invitations {
      moment = span.awake(moment + Int64(chance.wait(6) * Double(Span.day)), &chance)
      guard add("Referral Made", moment, .email, content: "Nodig een vriend uit") else { return }
      tally.invitations += 1
      let seed = chance.next()
      if chance.happens(plant.arrives) {
        invited.append((moment + Int64(chance.wait(3) * Double(Span.day)), seed))
      }
    }
  }

  // MARK: Writing

  private mutating func step(_ moment: inout Int64) {
    moment += Int64(chance.between(8_000, 90_000))
  }

  private static func campaign(_ origin: String) -> String? {
    switch origin {
    case "Paid Search": "search-tuin"
    case "Paid Shopping": "shopping-feed"
    case "Paid Social": "social-sfeer"
    case "Display": "retargeting"
    case "Email": "nieuwsbrief"
    default: nil
    }
  }

  private static func properties(_ product: Assortment.Product) -> Properties {
    [
      "product_id": .text(product.id), "category": .text(product.category),
      "price": .number(Double(product.price) / 100),
    ]
  }

  /// False when it would happen after the simulation's end: then it doesn't.
  @discardableResult
  private mutating func add(
    _ event: String, _ moment: Int64, _ channel: Channel, origin: Origin? = nil,
    campaign: String? = nil, device: Device? = nil, content: String? = nil, value: Money? = nil,
    properties: Properties = [:]
  ) -> Bool {
    guard moment < span.end.milliseconds else { return false }
    touchpoints.append(
      Touchpoint(
        customer: key, occurred: Timestamp(milliseconds: moment),
        event: EventName(canonical: event), channel: channel, messageID: "",
        source: Simulation.source,
        utcOffsetMinutes: span.zone.offsetSeconds(at: Timestamp(milliseconds: moment)) / 60,
        origin: origin, campaign: campaign, device: device, content: content, value: value,
        properties: properties))
    return true
  }
}
