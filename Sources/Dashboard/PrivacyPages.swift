import Access
package import CustomerJourney

/// What customers allow, terms, and whom was forgotten.
package struct PrivacyPage: Sendable {
  package var counts: [(grant: ConsentGrant, given: Int, refused: Int, pending: Int)]
  package var purposes: [ConsentPurpose]
  package var retention: Retention
  /// What has outlived its term now.
  package var outlived: [Retention.Kind: Int]
  package var receipts: [ErasureReceipt]

  package init(
    counts: [(grant: ConsentGrant, given: Int, refused: Int, pending: Int)],
    purposes: [ConsentPurpose], retention: Retention, outlived: [Retention.Kind: Int],
    receipts: [ErasureReceipt]
  ) {
    self.counts = counts
    self.purposes = purposes
    self.retention = retention
    self.outlived = outlived
    self.receipts = receipts
  }
}

/// Asks whether somebody is really to be forgotten; with a receipt, that it was done.
package struct ErasePage: Sendable {
  package var key: String
  package var receipt: ErasureReceipt?

  package init(key: String, receipt: ErasureReceipt? = nil) {
    self.key = key
    self.receipt = receipt
  }
}

/// What article 30 of the GDPR asks for.
package struct RecordsPage: Sendable {
  /// What people here wrote, by field.
  package var written: [String: String]
  package var purposes: [ConsentPurpose]
  package var sources: [String]
  package var traits: [String]
  package var retention: Retention

  package static let fields = [
    "controller", "officer", "ground", "recipients", "transfers", "measures",
  ]

  package init(
    written: [String: String], purposes: [ConsentPurpose], sources: [String], traits: [String],
    retention: Retention
  ) {
    self.written = written
    self.purposes = purposes
    self.sources = sources
    self.traits = traits
    self.retention = retention
  }
}

/// All that is known of one customer, to be read: sections with rows of texts.
package struct ExportPage: Sendable {
  package var customer: String
  package var made: Timestamp
  package var sections: [Section]
  package var json: String

  package struct Section: Sendable {
    package var name: String
    /// Headings; none where each row says itself what it has.
    package var columns: [String]
    package var rows: [[String]]

    package init(name: String, columns: [String], rows: [[String]]) {
      self.name = name
      self.columns = columns
      self.rows = rows
    }
  }

  package init(customer: String, made: Timestamp, sections: [Section], json: String) {
    self.customer = customer
    self.made = made
    self.sections = sections
    self.json = json
  }
}

extension Pages {
  package static func privacyPage(_ page: PrivacyPage, _ context: PageContext) -> String {
    let (words, format) = (context.words, context.format)
    var values: Templates.Values = [
      "records": context.link("/privacy/records"), "mayKeep": context.may(.keep),
      "counts": page.counts.map { count -> Templates.Values in
        [
          "purpose": page.purposes.first { $0.id == count.grant.purpose }?.name(context.language)
            ?? count.grant.purpose,
          "channel": count.grant.channel.title(context.language),
          "yes": format.count(count.given), "no": format.count(count.refused),
          "pending": format.count(count.pending),
        ]
      },
      "terms": Retention.Kind.allCases.map { kind -> Templates.Values in
        [
          "id": kind.rawValue, "name": words["pv.\(kind.rawValue)"],
          "days": page.retention.days[kind].map(String.init) ?? "",
          "goes": page.outlived[kind].map { format.count($0) } ?? "–",
        ]
      },
      "isNobody": page.receipts.isEmpty,
      "receipts": page.receipts.map { receipt($0, context) },
      "purposes": (page.purposes.map { Optional($0) } + [nil]).enumerated().map {
        number, purpose -> Templates.Values in
        [
          "number": number, "isNew": purpose == nil, "id": purpose?.id ?? "",
          "heading": purpose?.name(context.language) ?? words["pvNewPurpose"],
          "nameEn": purpose?.name.en ?? "", "nameNl": purpose?.name.nl ?? "",
          "textEn": purpose?.text.en ?? "", "textNl": purpose?.text.nl ?? "",
          "channels": purpose?.channels.map { $0.title(context.language) }.joined(separator: ", ")
            ?? "",
          "needs": purpose?.needsOptIn ?? true,
        ]
      },
    ]
    values["problem"] = context.problem(at: "privacy")
    return Templates.page(
      "privacy", context.ofAccount(values), title: words["pvPrivacy"], context: context)
  }

  private static func receipt(
    _ receipt: ErasureReceipt, _ context: PageContext
  ) -> Templates.Values {
    let (words, format) = (context.words, context.format)
    return [
      "number": receipt.receipt, "when": format.date(receipt.asked.iso8601), "by": receipt.by,
      "state": words[receipt.finished == nil ? "pvGoingOn" : "pvFinished"],
      "what": receipt.counts.sorted { $0.key < $1.key }.filter { $0.value > 0 }
        .map { "\(words.erased($0.key)) \(format.count($0.value))" }.joined(separator: ", "),
      "backups": receipt.backupsUntil.map {
        "\(words["pvBackupsUntil"]) \(format.date($0.iso8601))" as Any
      } ?? false,
    ]
  }

  package static func erasePage(_ page: ErasePage, _ context: PageContext) -> String {
    var values: Templates.Values = [
      "key": page.key, "action": context.link(customerPath(page.key) + "/erase"),
      "back": context.link(customerPath(page.key)), "privacy": context.link("/privacy"),
      "asks": page.receipt == nil,
    ]
    values["done"] = page.receipt.map { receipt($0, context) }
    values["problem"] = context.problem(at: "sure")
    let title = context.words[page.receipt == nil ? "pvErase" : "pvDone"]
    values["heading"] = title
    return Templates.page("erase", values, title: title, context: context)
  }

  package static func recordsPage(_ page: RecordsPage, _ context: PageContext) -> String {
    let words = context.words
    func line(_ name: String, _ texts: [String]) -> Templates.Values {
      ["name": name, "texts": texts.isEmpty ? [words["pvNone"]] : texts]
    }
    let known = [
      line(
        words["pvRecPurposes"],
        page.purposes.map { "\($0.name(context.language)): \($0.text(context.language))" }),
      line(words["pvRecPersons"], [words["pvRecPersonsText"]]),
      line(
        words["pvRecData"],
        [
          words["pvRecKeys"], words["pvRecJourneys"],
          "\(words["pvRecTraits"]): \(page.traits.isEmpty ? words["pvNone"] : page.traits.joined(separator: ", "))",
        ]),
      line(words["pvRecSources"], page.sources),
      line(
        words["pvRecTerms"],
        Retention.Kind.allCases.map { kind in
          "\(words["pv.\(kind.rawValue)"]): "
            + (page.retention.days[kind].map { "\($0) \(words["pvDays"].lowercased())" }
              ?? words["pvKept"])
        }),
      line(words["pvRecMeasures"], [words["pvRecMeasuresText"]]),
    ]
    let values: Templates.Values = [
      "known": known, "mayKeep": context.may(.keep), "privacy": context.link("/privacy"),
      "action": context.link("/privacy/records"),
      "fields": RecordsPage.fields.map { field -> Templates.Values in
        ["id": field, "name": words["pv.\(field)"], "text": page.written[field] ?? ""]
      },
    ]
    return Templates.page(
      "records", context.ofAccount(values), title: words["pvRecords"], context: context)
  }

  package static func exportPage(_ page: ExportPage, _ context: PageContext) -> String {
    let values: Templates.Values = [
      "customer": page.customer, "json": page.json, "made": context.format.date(page.made.iso8601),
      "back": context.link(customerPath(page.customer)),
      "sections": page.sections.filter { !$0.rows.isEmpty }.map { section -> Templates.Values in
        [
          "name": section.name, "hasColumns": !section.columns.isEmpty,
          "columns": section.columns.map { ["text": $0] as Templates.Values },
          "rows": section.rows.map { ["cells": $0.map { ["text": $0] }] as Templates.Values },
        ]
      },
    ]
    return Templates.page(
      "export", values, title: context.words["pvExport"], context: context)
  }
}

extension Pages {
  /// A link that was just made, to be copied.
  package static func linkPage(_ address: String, _ context: PageContext) -> String {
    let words = context.words
    return Templates.page(
      "message",
      [
        "heading": words["pvLink"], "what": words["pvLinkText"], "isError": false,
        "steps": [
          [
            "stepTitle": words["pvLink"], "stepText": "", "command": address, "stepLink": false,
          ] as Templates.Values
        ],
      ], title: words["pvLink"], context: context)
  }
}

extension PageContext {
  package var tickFirst: String { words["pvTickFirst"] }
}
