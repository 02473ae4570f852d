import Access
import CustomerJourney
import Foundation
import Insights

extension Pages {
  // MARK: Calculated traits as people read them

  /// What a calculated trait is called; own ones have their own names.
  static func title(_ name: String, _ models: [JourneyModel], _ context: PageContext) -> String {
    if CalculatedTrait.BuiltIn(rawValue: name) != nil { return context.words["calculated.\(name)"] }
    let prefix = CalculatedTrait.BuiltIn.phasePrefix
    guard name.hasPrefix(prefix) else { return name }
    let id = String(name.dropFirst(prefix.count))
    let model = models.first { $0.id == id }?.name(context.language) ?? id
    return "\(context.words["current"]) (\(model))"
  }

  static func shown(
    _ value: CalculatedValue, _ models: [JourneyModel], _ currency: String?,
    _ context: PageContext
  ) -> String {
    let (words, format, language) = (context.words, context.format, context.language)
    guard let said = value.value else { return "–" }
    let (text, number) = (said.description, said.number ?? 0)
    switch value.form {
    case .text: return text
    case .count: return format.count(Int(number))
    case .money: return format.money(number, currency ?? context.currency.code)
    case .days: return words.days(Int(number), format.count(Int(number)))
    case .time: return format.date(text)
    case .hour: return words.hour(Int(number))
    case .weekday: return words["weekday.\(Int(number))"]
    case .event: return EventName(text).title(language)
    case .channel: return Channel(text).title(language)
    case .origin: return Origin(text).title(language)
    case .device: return Device(text).title(language)
    case .phase:
      let id = String(value.name.dropFirst(CalculatedTrait.BuiltIn.phasePrefix.count))
      let model = models.first { $0.id == id }
      return model.flatMap { model in
        model.index(ofPhase: text).map { model.phases[$0].name(language) }
      } ?? text
    }
  }

  // MARK: The head

  /// What tells most of a customer in a glance.
  static func headFacts(_ page: TimelinePage, _ context: PageContext) -> [Templates.Values] {
    let (words, format) = (context.words, context.format)
    var facts: [Templates.Values] = []
    if let profile = page.profile {
      func add(_ trait: CalculatedTrait.BuiltIn, _ name: String? = nil) {
        guard let value = profile.calculated(trait), value.value != nil else { return }
        facts.append(
          fact(
            words[name ?? "calculated.\(trait.rawValue)"],
            shown(value, page.models, profile.currency, context)))
      }
      add(.firstSeen, "customerSince")
      add(.lastSeen)
      if let orders = profile.calculated(.orders)?.number, orders > 0 {
        add(.orders)
        add(.value)
        add(.averageOrderValue)
        add(.daysSinceLastOrder)
      } else if (profile.calculated(.value)?.number ?? 0) != 0 {
        add(.value)
      }
      add(.favouriteChannel)
      add(.favouriteHour)
      add(.firstOrigin)
      add(.touchpoints)
      return facts
    }
    let timeline = page.timeline
    facts.append(fact(words["touchpoints"], format.count(timeline.total)))
    if let first = timeline.firstTime, let last = timeline.lastTime {
      facts.append(fact(words["first"], format.date(first.iso8601)))
      facts.append(fact(words["last"], format.date(last.iso8601)))
      facts.append(fact(words["during"], format.durationInWords(last.seconds(since: first))))
    }
    return facts
  }

  // MARK: The cards

  static func profileCards(
    _ profile: CustomerProfile, _ page: TimelinePage, _ palette: Palette, _ context: PageContext
  ) -> Templates.Values {
    let (words, format, language) = (context.words, context.format, context.language)
    func ago(_ time: Timestamp) -> String {
      let seconds = max(0, profile.at.seconds(since: time))
      return seconds < 60 ? words["justNow"] : words.ago(format.durationInWords(seconds))
    }
    func since(_ time: Timestamp?) -> String {
      time.map { words.since(format.date($0.iso8601)) } ?? words["longSince"]
    }
    func money(_ value: Double?) -> Any {
      value.map { format.money($0, profile.currency) as Any } ?? false
    }
    var values: Templates.Values = [
      "profile": true,
      "hasPhases": !profile.phases.isEmpty,
      "phases": profile.phases.map { phase -> Templates.Values in
        let model = page.models.first { $0.id == phase.model }
        let place = model?.index(ofPhase: phase.phase)
        return [
          "model": model?.name(language) ?? phase.model,
          "phase": place.flatMap { model?.phases[$0].name(language) } ?? phase.phase,
          "depth": "depth-\(depth(place ?? 0, of: model?.phases.count ?? 1))",
          "because": phase.because(language), "since": since(phase.since),
          "chosen": phase.model == page.model.id,
        ]
      },
      "hasLast": !profile.last.isEmpty,
      "last": profile.last.map { moment -> Templates.Values in
        [
          "event": EventName(moment.event).title(language),
          "channel": Channel(moment.channel).title(language),
          "hue": palette.hueClass(moment.channel), "content": moment.content as Any? ?? false,
          "value": money(moment.value), "time": moment.time.iso8601,
          "when": "\(format.date(moment.time.iso8601)) · \(ago(moment.time))",
        ]
      },
      "hasSegments": !profile.segments.isEmpty,
      "segments": profile.segments.map { segment -> Templates.Values in
        [
          "name": segment.name, "href": context.link(segmentPath(segment.name)),
          "since": since(segment.since),
        ]
      },
      "calculatedHref": context.link("/traits"),
    ]
    if let name = profile.name { values["name"] = name }
    values["toLast"] = lastPage(page, context)
    values["basket"] = profile.basket.map { basket -> Templates.Values in
      [
        "changed": words.lastChanged(ago(basket.changed)),
        "items": basket.items.map { item -> Templates.Values in
          [
            "content": item.content.isEmpty ? words["unknown"] : item.content,
            "count": item.count > 1 ? "× \(format.count(item.count))" as Any : false,
            "value": money(item.value),
          ]
        },
      ]
    }
    values.merge(traitCard(profile, page, context)) { _, new in new }
    return values
  }

  /// Where what happened last stands, when that is on another page.
  private static func lastPage(_ page: TimelinePage, _ context: PageContext) -> String? {
    let shown = page.timeline.touchpoints.count
    let total = page.timeline.total
    guard page.narrowing?.isNarrow != true, total > shown, page.firstIndex + shown < total,
      shown > 0
    else { return nil }
    let last = (total - 1) / shown + 1
    return context.link(context.path, with: [("page", String(last))]) + "#touchpoint-\(total)"
  }

  private static func traitCard(
    _ profile: CustomerProfile, _ page: TimelinePage, _ context: PageContext
  ) -> Templates.Values {
    let (words, format) = (context.words, context.format)
    let mayAct = context.may(.act)
    func source(_ said: ProfileTrait.Saying) -> String {
      words.said(
        said.claimant ?? "log", by: said.source, at: format.date(said.at.iso8601))
    }
    let own = profile.calculated.filter {
      CalculatedTrait.BuiltIn(rawValue: $0.name) == nil
        && !$0.name.hasPrefix(CalculatedTrait.BuiltIn.phasePrefix)
    }
    var values: Templates.Values = [
      "mayAct": mayAct, "action": context.link(customerPath(profile.customer) + "/traits"),
      "hasTraits": !profile.traits.isEmpty,
      "traits": profile.traits.enumerated().map { index, trait -> Templates.Values in
        [
          "id": "trait-\(index + 1)", "name": trait.name, "holds": trait.value != nil,
          "value": trait.value?.description ?? "", "source": source(trait.said),
          "byHand": trait.isByHand, "hasEarlier": !trait.earlier.isEmpty,
          "canOpen": mayAct || !trait.earlier.isEmpty,
          "earlier": trait.earlier.map { earlier -> Templates.Values in
            [
              "value": earlier.value?.description ?? words["isNotSo"],
              "source": source(earlier.said),
            ]
          },
        ]
      },
      "hasCalculated": !own.isEmpty,
      "calculated": own.map { value -> Templates.Values in
        [
          "name": value.name, "value": shown(value, page.models, profile.currency, context),
          "problem": value.problem as Any? ?? false,
        ]
      },
    ]
    values["traitProblem"] = page.traitProblem.map { ["message": $0] as Templates.Values }
    return values
  }

  // MARK: Narrowing the journey

  static func narrowForm(
    _ narrowing: TimelinePage.Narrowing, _ timeline: CustomerTimeline, _ context: PageContext
  ) -> Templates.Values {
    let language = context.language
    func choices(
      _ names: [String], _ chosen: String?, _ title: (String) -> String
    ) -> [Templates.Values] {
      names.map { ["id": $0, "name": title($0), "chosen": $0 == chosen] }
    }
    return [
      "action": context.path,
      "kept": context.query.items().map { ["name": $0.name, "value": $0.value] },
      "channels": choices(narrowing.channels, narrowing.channel) { Channel($0).title(language) },
      "events": choices(narrowing.events, narrowing.event) { EventName($0).title(language) },
      "first": timeline.firstTime.map { String($0.iso8601.prefix(10)) } ?? "",
      "last": timeline.lastTime.map { String($0.iso8601.prefix(10)) } ?? "",
      "isNarrow": narrowing.isNarrow,
      "clear": context.link(context.path) + "#journey",
    ]
  }

  // MARK: Why somebody was found

  /// What fits, cut around the place at which it does.
  static func match(
    _ match: FoundCustomer.Match, _ search: String, _ context: PageContext
  ) -> Templates.Values {
    let words = context.words
    let field: String
    switch match.field {
    case .key: field = words["kind.\(match.name)"]
    case .trait: field = match.name
    case .account: field = words["accountsOf"]
    case .order: field = words["orderNumber"]
    }
    let text = shortened(match.text, to: 80)
    let asked = [search] + SearchText.asked(search).flatMap { $0 }
    // The words are without accents; where a text has some, nothing is marked.
    let hit = asked.lazy.compactMap { text.range(of: $0, options: .caseInsensitive) }.first
    guard let hit else { return ["field": field, "before": text, "hit": "", "after": ""] }
    return [
      "field": field, "before": String(text[..<hit.lowerBound]), "hit": String(text[hit]),
      "after": String(text[hit.upperBound...]),
    ]
  }
}

/// Own calculated traits and those that are built in.
package struct CalculatedTraitsPage: Sendable {
  package var own: [Own]
  /// What was typed into the form.
  package var name: String
  package var definition: String

  package struct Own: Sendable {
    package var name: String
    package var definition: String
    /// Why it cannot be worked out now.
    package var problem: String?

    package init(name: String, definition: String, problem: String? = nil) {
      self.name = name
      self.definition = definition
      self.problem = problem
    }
  }

  package init(own: [Own], name: String = "", definition: String = "") {
    self.own = own
    self.name = name
    self.definition = definition
  }
}

extension Pages {
  private static let examples = [
    #"count where event is "Order Completed" within 365d"#,
    #"sum of value where channel is shop"#,
    #"last content where event is "Product Viewed""#,
    "most frequent device",
    #"days since last where event is "Message Opened""#,
  ]

  package static func calculatedTraitsPage(
    _ page: CalculatedTraitsPage, _ context: PageContext
  ) -> String {
    let words = context.words
    var builtIn = CalculatedTrait.BuiltIn.allCases.map { trait -> Templates.Values in
      [
        "name": words["calculated.\(trait.rawValue)"],
        "meaning": words["meaning.\(trait.rawValue)"],
      ]
    }
    builtIn.append(["name": words["current"], "meaning": words["meaning.phase"]])
    var values: Templates.Values = [
      "customers": context.may(.persons) ? context.link("/customers") as Any : false,
      "action": context.link("/traits"),
      "mayEdit": context.may(.edit), "hasOwn": !page.own.isEmpty,
      "own": page.own.map { own -> Templates.Values in
        [
          "name": own.name, "definition": own.definition, "problem": own.problem as Any? ?? false,
        ]
      },
      "typedName": page.name, "typedDefinition": page.definition, "examples": examples,
      "builtIn": builtIn,
    ]
    values["nameProblem"] = context.problem(at: "name")
    values["definitionProblem"] = context.problem(at: "definition")
    return Templates.page(
      "calculated", values, title: words["calculatedTraits"], context: context)
  }
}
