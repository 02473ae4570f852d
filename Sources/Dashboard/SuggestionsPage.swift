import Access
package import CustomerJourney

/// Pairs of customers who may be one, to be judged one after the other.
package struct SuggestionsPage: Sendable {
  package var pairs: [SuggestedPair]
  /// True when there are more customers than are compared.
  package var isCut: Bool

  package init(pairs: [SuggestedPair], isCut: Bool = false) {
    self.pairs = pairs
    self.isCut = isCut
  }
}

extension Pages {
  /// Each pair's form posts `do` (`same` or `different`), `key` and `other` to the page.
  package static func suggestionsPage(_ page: SuggestionsPage, _ context: PageContext) -> String {
    let (words, format) = (context.words, context.format)
    let values: Templates.Values = [
      "customersLink": context.link("/customers"), "action": context.link("/duplicates"),
      "isEmpty": page.pairs.isEmpty, "mayAct": context.may(.act),
      "cut": page.isCut
        ? words["suggestionsCut"].replacing(
          "{count}", with: format.count(Limits.matchedCustomers)) as Any : false,
      "pairs": page.pairs.map { pair -> Templates.Values in
        [
          "one": pair.key, "other": pair.other,
          "oneHref": context.customerLink(pair.key), "otherHref": context.customerLink(pair.other),
          "probability": format.share(pair.probability),
          "rows": pair.traits.map { trait -> Templates.Values in
            [
              "name": words["trait.\(trait.name)"], "one": trait.one ?? "–",
              "other": trait.other ?? "–", "agrees": trait.agrees,
            ]
          },
        ]
      },
    ]
    return Templates.page("suggestions", values, title: words["suggestions"], context: context)
  }
}
