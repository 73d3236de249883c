// swift-format-ignore-file: AvoidRetroactiveConformances

// The library's values as arguments. The library itself does not know ArgumentParser, and both are built from source
// with the command, so that a conformance of theirs would show when it comes.
import ArgumentParser
import Foundation
import Surprisal

extension Alignment.Kind: @retroactive ExpressibleByArgument {}
extension Architecture.Preset: @retroactive ExpressibleByArgument {}
extension EncoderSettings.Layout: @retroactive ExpressibleByArgument {}
extension EncoderSettings.Order: @retroactive ExpressibleByArgument {}
extension Precision: @retroactive ExpressibleByArgument {}
extension ProbabilityFlow.Dequantisation: @retroactive ExpressibleByArgument {}
extension ReportFormat: @retroactive ExpressibleByArgument {}
extension StatisticName: @retroactive ExpressibleByArgument {}

extension Shard: @retroactive ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

extension LessonBudget: @retroactive ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
  public var defaultValueDescription: String { description }
}

extension EvaluationBudget: @retroactive ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

/// Arguments are bytes too, of which ArgumentParser takes strings: bytes that are no text pass through it as characters
/// of the last private-use plane, and a `FilePath` takes them back.
enum ArgumentBytes {
  /// A byte, from 0x80 on, is this and itself. Text that holds such a character itself passes byte by byte.
  private static let base: UInt32 = 0x10_FF00
  private static let stands = base + 0x80...base + 0xFF

  /// The command's own, without its name.
  static var arguments: [String] {
    (1..<max(Int(CommandLine.argc), 1)).compactMap { CommandLine.unsafeArgv[$0] }.map { argument in
      encode(UnsafeBufferPointer(start: argument, count: strlen(argument)).map { UInt8(bitPattern: $0) })
    }
  }

  static func encode(_ bytes: [UInt8]) -> String {
    var text = String.UnicodeScalarView()
    var parser = Unicode.UTF8.ForwardParser()
    var rest = bytes.makeIterator()
    var at = 0
    func stand(_ count: Int) {
      // In the plane's range, where every number is a scalar.
      for byte in bytes[at..<at + count] { text.append(Unicode.Scalar(base + UInt32(byte))!) }
      at += count
    }
    while true {
      switch parser.parseScalar(from: &rest) {
      case .valid(let encoded):
        let scalar = Unicode.UTF8.decode(encoded)
        if stands.contains(scalar.value) {
          stand(encoded.count)
        } else {
          text.append(scalar)
          at += encoded.count
        }
      case .error(let length): stand(length)
      case .emptyInput: return String(text)
      }
    }
  }

  static func decode(_ text: String) -> [UInt8] {
    text.unicodeScalars.flatMap { scalar in
      stands.contains(scalar.value) ? [UInt8(scalar.value - base)] : Array(String(scalar).utf8)
    }
  }
}

extension FilePath {
  /// As a shell takes it: in single quotes where it must be.
  var quoted: String {
    let text = "\(self)"
    let plain = text.unicodeScalars.allSatisfy { scalar in
      scalar.properties.isAlphabetic || ("0"..."9").contains(Character(scalar))
        || "/._-+:,@%=#~".unicodeScalars.contains(scalar)
    }
    return plain && !text.isEmpty && !text.hasPrefix("-")
      ? text : "'\(text.replacingOccurrences(of: "'", with: "'\\''"))'"
  }
}

extension FilePath: @retroactive ExpressibleByArgument {
  public static var defaultCompletionKind: CompletionKind { .file() }

  public init?(argument: String) { self.init(bytes: ArgumentBytes.decode(argument)) }
}
