import Foundation

/// A training told as JSON Lines: one object an event, keys in alphabetical order, numbers to six digits (CONTRACT, "Training
/// log").
///
/// Steps are told a hundred times in all, however many there are.
public struct TrainingLog: Sendable {
  private var lowest = Double.infinity

  public init() {}

  /// An event's line, its line break among it; nil for those that are not told.
  /// - Parameter seconds: since this run began.
  public mutating func line(_ event: Training.Event, seconds: Double) -> String? {
    guard let (name, fields) = told(event) else { return nil }
    return Self.line(name, fields, seconds)
  }

  /// The last line: the model is written.
  public func done(_ model: Model, output: String, seconds: Double) -> String {
    let facts = model.facts
    return Self.line(
      "done",
      [
        "output": .text(output), "bits_per_dim": .number(facts.validationBitsPerDim),
        "validation_images": .count(facts.validationImages),
      ], seconds)
  }

  private enum Value: Encodable {
    case text(String)
    case count(Int)
    case number(Double)
    case flag(Bool)

    func encode(to encoder: any Encoder) throws {
      var field = encoder.singleValueContainer()
      switch self {
      case .text(let text): try field.encode(text)
      case .count(let count): try field.encode(count)
      case .flag(let flag): try field.encode(flag)
      case .number(let number):
        if let rounded = number.isFinite ? Double(String(format: "%.6g", number)) : nil {
          try field.encode(rounded)
        } else {
          try field.encodeNil()
        }
      }
    }
  }

  private static func line(_ name: String, _ fields: [String: Value], _ seconds: Double) -> String {
    var fields = fields
    fields["event"] = .text(name)
    fields["seconds"] = .number(seconds)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Numbers that JSON cannot hold are null by now, and nothing else can fail.
    let bytes = try! encoder.encode(fields)
    return String(decoding: bytes, as: UTF8.self) + "\n"
  }

  private mutating func told(_ event: Training.Event) -> (String, [String: Value])? {
    switch event {
    case .unreadable(let path, let error):
      return ("unreadable", ["path": .text(path), "error": .text(error)])
    case .tookGray: return ("took_gray", [:])
    case .copies(let exact, let near, let leftOut):
      return ("copies", ["exact": .count(exact), "near": .count(near), "left_out": .count(leftOut)])
    case .loaded(let training, let validation, let parameters):
      return (
        "loaded",
        [
          "training_images": .count(training), "validation_images": .count(validation),
          "parameters": .count(parameters),
        ]
      )
    case .planned(let steps, let pace):
      return ("planned", ["steps": .count(steps), "seconds_per_step": .number(pace)])
    case .resumed(let step, let all, let spent):
      return ("resumed", ["step": .count(step), "steps": .count(all), "seconds_spent": .number(spent)])
    case .goal(let bits, let isOfStart, let images):
      return (
        "goal",
        ["bits_per_dim": .number(bits), "of_start": .flag(isOfStart), "images": .count(images)]
      )
    case .progress(let step, let all, let loss, let left):
      guard step == all || step % max(all / 100, 1) == 0 else { return nil }
      return (
        "progress",
        [
          "step": .count(step), "steps": .count(all), "loss": .number(Double(loss)),
          "seconds_left": .number(left),
        ]
      )
    case .validated(let step, let bits, let error):
      lowest = min(lowest, bits)
      return (
        "validated",
        [
          "step": .count(step), "bits_per_dim": .number(bits), "standard_error": .number(error),
          "lowest": .number(lowest),
        ]
      )
    case .stoppedEarly(let step, let all, let mark, let patience):
      return (
        "stopped_early",
        ["step": .count(step), "steps": .count(all), "mark": .count(mark), "patience": .count(patience)]
      )
    case .choseEarlier(let step, let last, let difference, let error):
      return (
        "chose_earlier",
        [
          "step": .count(step), "than": .count(last), "difference": .number(difference),
          "standard_error": .number(error),
        ]
      )
    case .gained(let before, let after, let error, let pValue):
      return (
        "gained",
        [
          "before": .number(before), "after": .number(after), "standard_error": .number(error),
          "p_value": .number(pValue),
        ]
      )
    case .triedLook(let trained, let begun, let isKept):
      return ("tried_look", ["trained": .number(trained), "begun": .number(begun), "kept": .flag(isKept)])
    case .learningEyes(let step, let all, let loss, let heldOut, let left):
      guard heldOut != nil || step == all || step % max(all / 100, 1) == 0 else { return nil }
      var fields: [String: Value] = [
        "step": .count(step), "steps": .count(all), "loss": .number(Double(loss)),
        "seconds_left": .number(left),
      ]
      fields["held_out_loss"] = heldOut.map { .number($0) }
      return ("learning_eyes", fields)
    case .triedEyes(let with, let without, let isKept):
      return ("tried_eyes", ["with": .number(with), "without": .number(without), "kept": .flag(isKept)])
    case .chose(let choice):
      var fields: [String: Value] = [
        "evaluations": .count(choice.evaluations), "statistic": .text(choice.statistic.rawValue),
      ]
      fields["auroc_few"] = choice.areas.map { .number($0.one) }
      fields["auroc_many"] = choice.areas.map { .number($0.other) }
      fields["flaws_combined"] = choice.flaws.map { .number($0.one) }
      fields["flaws_damage"] = choice.flaws.map { .number($0.other) }
      return ("chose", fields)
    case .surveying(let done, let all): return done == all ? ("surveyed", ["levels": .count(all)]) : nil
    case .calibrating(let done, let all): return done == all ? ("calibrated", ["images": .count(all)]) : nil
    case .stopped(let step): return ("stopped", ["step": .count(step)])
    case .learningDamage(let step, let all, let loss, let left):
      guard step == all || step % max(all / 100, 1) == 0 else { return nil }
      return (
        "learning_damage",
        [
          "step": .count(step), "steps": .count(all), "loss": .number(Double(loss)),
          "seconds_left": .number(left),
        ]
      )
    case .triedDamage(let with, let without, let best, let isKept):
      return (
        "tried_damage",
        [
          "with": .number(with), "without": .number(without), "best": .text(best.rawValue),
          "kept": .flag(isKept),
        ]
      )
    case .reviewed: return nil
    }
  }
}
