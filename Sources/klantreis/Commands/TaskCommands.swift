import Access
import ArgumentParser
import CustomerJourney
import Store

extension PlayCommand {
  struct Tasks: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Work that plays gave to persons, what is open first.",
      discussion: """
        Example:
          klantreis play tasks
          klantreis play tasks --all --json
        """)
    @Flag(help: "Also what was done.") var all = false
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var data: DataOptions

    func run() throws {
      let tasks = try data.openExisting().shownTasks(openOnly: !all)
      guard !json else { return try Terminal.write(json: tasks) }
      if tasks.isEmpty { Terminal.write("Nothing is to be done.\n") }
      for task in tasks {
        Terminal.write(
          "\(task.id)  \(Terminal.bold(task.text.en))  \(task.customer ?? "(gone)")  \(task.play)  "
            + (task.done.map { "done \($0.iso8601)" } ?? "since \(task.created.iso8601)") + "\n")
      }
    }
  }

  struct Done: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say that a task was done.",
      discussion: """
        Example:
          klantreis play done 12
        """)
    @Argument(help: "The task's number.") var id: Int64
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      guard try workspace.store.finishTask(id, at: .now) else {
        throw Ending.failed(
          "There is no open task \(id): nothing was changed. `klantreis play tasks` lists them.")
      }
      try workspace.note(.taskDone, String(id))
      Terminal.write("Task \(id) is done.\n")
    }
  }
}

/// A task as programs get it.
struct ShownTask: Encodable, Sendable {
  var id: Int64
  var play: String
  /// Nil when that customer is gone.
  var customer: String?
  var text: LocalizedText
  var created: Timestamp
  /// Nil while it is open.
  var done: Timestamp?
}

extension Workspace {
  /// What is open first.
  func shownTasks(openOnly: Bool) throws -> [ShownTask] {
    let tasks = try store.playTasks(openOnly: openOnly, limit: Limits.tasksPerAnswer)
    let keys = try store.customerKeys(Array(Set(tasks.map(\.customer))))
    return tasks.map { task in
      ShownTask(
        id: task.id, play: task.play, customer: keys[task.customer], text: task.text,
        created: task.created, done: task.done)
    }
  }
}
