import CustomerJourney

/// The import page in its three stages: choose a file, look at what it would become, see what came
/// of it.
package enum ImportPage: Sendable {
  /// The form to send a file with; the problem is that of the file sent before, if any.
  case upload(problem: String?)
  case preview(Preview)
  case done(Result)

  /// What a column of a file is.
  package enum ColumnRole: String, CaseIterable, Sendable {
    case customer, time, event, channel, origin, device, content, campaign, value, currency
    /// Kept with the touchpoint under the column's own name.
    case property
    case leaveOut = "leave-out"
  }

  package struct Column: Sendable {
    package var name: String
    package var samples: [String]
    package var role: ColumnRole

    package init(name: String, samples: [String], role: ColumnRole) {
      self.name = name
      self.samples = samples
      self.role = role
    }
  }

  package struct Preview: Sendable {
    /// Names the uploaded file to the server; comes back with the form.
    package var upload: String
    package var fileName: String
    /// What the file holds when it has no columns: "events of segment".
    package var form: String?
    /// The form sends `column.0`, `column.1`, … with a role each.
    package var columns: [Column]
    /// What holds for every row where no column says it, by role; the form sends `constant.channel`.
    package var constants: [ColumnRole: String]
    /// The first rows as they would be stored.
    package var rows: [Row]
    package var rejected: [Rejection]
    /// Rows that were read for this preview, and how many of them would be rejected.
    package var read: Int
    package var rejectedCount: Int
    /// Why nothing can be imported yet: no column is the customer.
    package var problem: String?

    package init(
      upload: String, fileName: String, form: String? = nil, columns: [Column],
      constants: [ColumnRole: String] = [:],
      rows: [Row] = [], rejected: [Rejection] = [], read: Int = 0, rejectedCount: Int = 0,
      problem: String? = nil
    ) {
      self.upload = upload
      self.form = form
      self.fileName = fileName
      self.columns = columns
      self.constants = constants
      self.rows = rows
      self.rejected = rejected
      self.read = read
      self.rejectedCount = rejectedCount
      self.problem = problem
    }
  }

  /// A touchpoint as text, empty where it says nothing.
  package struct Row: Sendable {
    package var customer: String
    /// Local time: `2017-01-01 12:53:26`.
    package var time: String
    package var event: String
    package var channel: String
    package var content: String
    package var value: Double?
    package var currency: String?

    package init(
      customer: String, time: String, event: String, channel: String, content: String = "",
      value: Double? = nil, currency: String? = nil
    ) {
      self.customer = customer
      self.time = time
      self.event = event
      self.channel = channel
      self.content = content
      self.value = value
      self.currency = currency
    }
  }

  package struct Rejection: Sendable {
    package var line: Int
    package var reason: String

    package init(line: Int, reason: String) {
      self.line = line
      self.reason = reason
    }
  }

  package struct Result: Sendable {
    package var fileName: String
    package var read: Int
    package var stored: Int
    package var duplicates: Int
    /// How many rows were left out as meant, for each reason.
    package var leftOut: [String: Int]
    package var rejectedCount: Int
    /// The first of them.
    package var rejected: [Rejection]
    /// Where all rejected rows can be got; nil when there are none.
    package var rejectedFile: String?

    package init(
      fileName: String, read: Int, stored: Int, duplicates: Int, leftOut: [String: Int] = [:],
      rejectedCount: Int, rejected: [Rejection] = [], rejectedFile: String? = nil
    ) {
      self.fileName = fileName
      self.read = read
      self.stored = stored
      self.duplicates = duplicates
      self.leftOut = leftOut
      self.rejectedCount = rejectedCount
      self.rejected = rejected
      self.rejectedFile = rejectedFile
    }
  }
}

extension Pages {
  /// The facts that can hold for a whole file.
  private static let constantRoles: [ImportPage.ColumnRole] = [.event, .channel, .currency]

  /// Forms post to `/import` (multipart, field `file`), `/import/preview` and `/import/confirm`.
  package static func importPage(_ page: ImportPage, _ context: PageContext) -> String {
    let words = context.words
    switch page {
    case .upload(let problem):
      var values: Templates.Values = [
        "limit": context.format.count(Int(Limits.uploadBytes / 1_048_576)) + "\u{A0}MB"
      ]
      values["problem"] = problem
      return Templates.page("upload", values, title: words["importAFile"], context: context)
    case .preview(let preview):
      return Templates.page(
        "preview", self.values(of: preview, context), title: preview.fileName, context: context)
    case .done(let result):
      var values: Templates.Values = [
        "fileName": result.fileName,
        "facts": [
          fact(words["rowsRead"], context.format.count(result.read)),
          fact(words["rowsStored"], context.format.count(result.stored)),
          fact(words["rowsKnown"], context.format.count(result.duplicates)),
          fact(words["rowsLeftOut"], context.format.count(result.leftOut.values.reduce(0, +))),
          fact(words["rowsRejected"], context.format.count(result.rejectedCount)),
        ],
        "summary": words.imported(
          stored: context.format.count(result.stored), isNothing: result.stored == 0,
          allKnown: result.duplicates > 0 && result.stored == 0),
        "hasLeftOut": !result.leftOut.isEmpty,
        "leftOut": result.leftOut.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
          .map { ["rows": context.format.count($0.value), "reason": $0.key] },
        "hasRejected": !result.rejected.isEmpty,
        "rejected": rejections(result.rejected, context),
        "map": "/", "again": "/import",
      ]
      values["rejectedFile"] = result.rejectedFile
      return Templates.page("imported", values, title: words["imported"], context: context)
    }
  }

  private static func values(
    of preview: ImportPage.Preview, _ context: PageContext
  ) -> Templates.Values {
    let (words, format) = (context.words, context.format)
    let hasCurrency = preview.rows.contains { $0.value != nil }
    var values: Templates.Values = [
      "upload": preview.upload, "fileName": preview.fileName,
      "columns": preview.columns.enumerated().map { index, column -> Templates.Values in
        [
          "index": String(index), "column": column.name,
          "samples": column.samples.prefix(3).map { ["sample": shortened($0, to: 40)] },
          "used": column.role != .leaveOut,
          "roles": ImportPage.ColumnRole.allCases.map { role -> Templates.Values in
            ["id": role.rawValue, "name": words.role(role), "chosen": role == column.role]
          },
        ]
      },
      "constants": constantRoles.map { role -> Templates.Values in
        let isColumn = preview.columns.contains { $0.role == role }
        return [
          "id": role.rawValue, "name": words.role(role),
          "value": preview.constants[role] ?? "", "isColumn": isColumn,
          "choices": choices(role, context.language),
        ]
      },
      "rows": preview.rows.map { row -> Templates.Values in
        [
          "customer": row.customer, "date": format.date(row.time), "clock": format.clock(row.time),
          "event": EventName(row.event).title(context.language),
          "channel": Channel(row.channel).title(context.language), "content": row.content,
          "value": row.value.map { format.money($0, row.currency ?? Currency.eur.code) } ?? "",
        ]
      },
      "hasRows": !preview.rows.isEmpty, "hasValue": hasCurrency,
      "summary": words.preview(
        read: format.count(preview.read), rejected: format.count(preview.rejectedCount),
        isAnyRejected: preview.rejectedCount > 0),
      "hasRejected": !preview.rejected.isEmpty,
      "rejected": rejections(preview.rejected, context),
      "canConfirm": preview.problem == nil && !preview.rows.isEmpty,
    ]
    values["problem"] = preview.problem
    values["form"] = preview.form
    return values
  }

  private static func choices(
    _ role: ImportPage.ColumnRole, _ language: Language
  ) -> [Templates.Values] {
    switch role {
    case .channel: Channel.vocabulary.names.map { ["choice": Channel($0).title(language)] }
    case .event: EventName.vocabulary.names.map { ["choice": $0] }
    default: ["EUR", "USD", "GBP"].map { ["choice": $0] }
    }
  }

  private static func rejections(
    _ rejections: [ImportPage.Rejection], _ context: PageContext
  ) -> [Templates.Values] {
    rejections.map { ["line": context.format.count($0.line), "reason": $0.reason] }
  }
}
