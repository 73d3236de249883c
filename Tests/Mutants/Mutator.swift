import Foundation
import ScoreModel
import Tensors

/// What is done to a file; each kind at a place and with a value drawn at random.
enum Mutation: String, CaseIterable {
  /// A member of the metadata takes a value that it should not have.
  case value
  /// A member's number is scaled, moved or negated.
  case number
  /// A member is left out, comes twice, or is called otherwise.
  case member
  /// A member's value lies within many others.
  case nesting
  /// A tensor's shape lies.
  case shape
  /// A tensor's place lies: overlaps, gaps, past the end.
  case offsets
  /// A tensor has another type, or another name, is left out, or comes twice.
  case tensor
  /// A tensor is longer or shorter than it should be, truthfully.
  case length
  /// Some of a tensor's values are no numbers, or none that it can have.
  case values
  /// The header's JSON is cut, nested, or hit at random.
  case header
  /// The file is cut or goes on.
  case cut
  /// Bits are turned, anywhere.
  case bits
}

/// Makes variants of one file, each a function of the seed and its index.
struct Mutator {
  private let original: LooseFile
  private let members: MetadataMembers
  private let seed: UInt64

  init(_ file: LooseFile, seed: UInt64) {
    original = file
    members = MetadataMembers(file.metadata)
    self.seed = seed
  }

  /// - Returns: the kind of the mutation, and the file's bytes. One variant in ten has two mutations.
  func variant(_ index: Int) -> (kind: Mutation, bytes: Data) {
    var random = RandomSource(seed: seed, stream: UInt64(index))
    let kind = Mutation.allCases[index % Mutation.allCases.count]
    var file = original
    if random.below(10) == 0 { change(&file, .values, &random) }
    change(&file, kind, &random)
    var header = Data(file.header.utf8)
    if kind == .header { header = Self.spoiled(header, &random) }
    var bytes = LooseFile.bytes(
      header: header, body: file.body, length: kind == .header && random.below(6) == 0 ? random.next() : nil)
    switch kind {
    case .cut:
      if random.below(4) == 0 {
        bytes.append(contentsOf: [UInt8](repeating: 0, count: 1 + random.below(64)))
      } else {
        bytes = Data(bytes.prefix(random.below(random.below(2) == 0 ? header.count : bytes.count)))
      }
    case .bits:
      // Half of them in the header, where they tell.
      for _ in 0...random.below(8) {
        let place = random.below(random.below(2) == 0 ? 8 + header.count : bytes.count)
        bytes[bytes.startIndex + place] ^= 1 << UInt8(random.below(8))
      }
    default: break
    }
    return (kind, bytes)
  }

  private func change(_ file: inout LooseFile, _ kind: Mutation, _ random: inout RandomSource) {
    switch kind {
    case .value: replaceValue(&file, Self.hostile[random.below(Self.hostile.count)], &random)
    case .nesting:
      let depth = [1, 15, 17, 600, 20_000][random.below(5)]
      let (open, close) = random.below(2) == 0 ? ("[", "]") : ("{\"a\":", "}")
      replaceValue(
        &file, String(repeating: open, count: depth) + "0" + String(repeating: close, count: depth), &random)
    case .number: changeNumber(&file, &random)
    case .member: changeMember(&file, &random)
    case .shape: changeShape(&file, &random)
    case .offsets: changeOffsets(&file, &random)
    case .tensor: changeTensor(&file, &random)
    case .length: changeLength(&file, &random)
    case .values: changeValues(&file, &random)
    case .header, .cut, .bits: break
    }
  }
}

// MARK: Metadata

extension Mutator {
  /// Values of other kinds, at the ends of their kinds, and beyond.
  private static let hostile = [
    "-1", "0", "-0", "1", "2", "3", "16", "1.5", "-1.5", "1e400", "-1e400", "1e39", "1e-46", "1e308", "4096",
    "4097", "65536", "2147483647", "2147483648", "4294967296", "1000000000", "9223372036854775807",
    "9223372036854775808", "18446744073709551615", "-9223372036854775808", "null", "true", "false", "\"\"",
    "\"f64\"", "\"f32\"", "\"bf16\"", "\"NaN\"", "NaN", "Infinity", "-Infinity", "[]", "{}", "[[]]", "[1,1]",
    "[-1]", "[4,4]", "[4,4097]", "[0]", "[9223372036854775807]", "[1,2,3,4,5,6,7,8,9]", "\"\\u0000\"",
    "\"\\u001b[31m\"", "\"\\ud800\"", "0x10", "01", "+1", "1.", ".5", "",
  ]

  private func replaceValue(_ file: inout LooseFile, _ new: String, _ random: inout RandomSource) {
    let member = members.all[random.below(members.all.count)]
    file.metadata = members.replacing(member.value, with: new)
  }

  private func changeNumber(_ file: inout LooseFile, _ random: inout RandomSource) {
    let numbers = members.all.filter { Double(members[$0.value]) != nil }
    let member = numbers[random.below(numbers.count)]
    let value = Double(members[member.value]) ?? 0
    let changed =
      [
        value * 2, value / 2, value + 1, value - 1, -value, value * 1e3, value * 1e9, value * 1e-6,
        value + 0.5,
      ][
        random.below(9)]
    let whole = changed == changed.rounded() && abs(changed) < 1e18
    file.metadata = members.replacing(member.value, with: whole ? "\(Int(changed))" : "\(changed)")
  }

  private func changeMember(_ file: inout LooseFile, _ random: inout RandomSource) {
    let member = members.all[random.below(members.all.count)]
    switch random.below(3) {
    case 0:
      // With the comma on one of its sides, where there is one.
      var whole = member.whole
      if whole.upperBound < members.text.count, members.text[whole.upperBound] == UInt8(ascii: ",") {
        whole = whole.lowerBound..<whole.upperBound + 1
      } else if members.text[whole.lowerBound - 1] == UInt8(ascii: ",") {
        whole = whole.lowerBound - 1..<whole.upperBound
      }
      file.metadata = members.replacing(whole, with: "")
    case 1:
      let own = members[member.whole]
      let other = "\"\(members[member.name])\":\(Self.hostile[random.below(Self.hostile.count)])"
      file.metadata = members.replacing(member.whole, with: "\(own),\(other)")
    default: file.metadata = members.replacing(member.name, with: "\(members[member.name])s")
    }
  }
}

// MARK: Tensors

extension Mutator {
  private func changeShape(_ file: inout LooseFile, _ random: inout RandomSource) {
    let index = random.below(file.entries.count)
    let count = file.entries[index].values.count
    file.entries[index].shape =
      [
        "[\(count)]", "[1,\(count)]", "[\(count),1,1,1,1,1,1,1,1]", "[]", "[0]", "[-\(count)]",
        "[-1,-\(count)]",
        "[\(count + 1)]", "[\(count).0]", "[4611686018427387904,\(count)]", "[9223372036854775807,2]",
        "[4294967296,4294967296,\(count)]", "[18446744073709551616]", "null", "\(count)", "[\"\(count)\"]",
        "[[\(count)]]", "[\(count)", "[\(count),]", "[0\(count)]",
      ][random.below(20)]
  }

  private func changeOffsets(_ file: inout LooseFile, _ random: inout RandomSource) {
    let index = random.below(file.entries.count)
    let starts = file.starts()
    let (start, end, all) = (starts[index], starts[index + 1], starts[starts.count - 1])
    let other = random.below(file.entries.count)
    file.entries[index].offsets =
      [
        "[\(start + 4),\(end + 4)]", "[\(start - 4),\(end - 4)]", "[\(end),\(start)]",
        "[\(start),\(end + 4)]",
        "[\(starts[other]),\(starts[other] + end - start)]", "[0,\(all)]", "[\(all),\(all + end - start)]",
        "[\(start),9223372036854775807]", "[9223372036854775807,\(end)]",
        "[9223372036854775800,9223372036854775807]", "[-4,\(end)]", "[\(start)]", "[]",
        "[\(start),\(end),\(end)]",
        "[\(start).5,\(end)]", "null", "[\(start + 1),\(end + 1)]",
      ][random.below(17)]
  }

  private func changeTensor(_ file: inout LooseFile, _ random: inout RandomSource) {
    let index = random.below(file.entries.count)
    switch random.below(5) {
    case 0:
      file.entries[index].type =
        ["\"F64\"", "\"BF16\"", "\"f32\"", "\"\"", "null", "32", "\"F32\",\"dtype\":\"F32\"", "\"I8\""][
          random.below(8)]
    case 1: file.entries[index].name = LooseFile.quoted("other.\(index)")
    case 2: file.entries.remove(at: index)
    case 3: file.entries.append(file.entries[index])
    default: file.entries[index].name = file.entries[random.below(file.entries.count)].name
    }
  }

  private func changeLength(_ file: inout LooseFile, _ random: inout RandomSource) {
    let index = random.below(file.entries.count)
    var values = file.entries[index].values
    switch random.below(5) {
    case 0: values = []
    case 1: values.removeLast()
    case 2: values.append(values[0])
    case 3: values += values
    default: values = Array(values.prefix(values.count / 2))
    }
    file.entries[index].values = values
    file.entries[index].shape = "[\(values.count)]"
  }

  private func changeValues(_ file: inout LooseFile, _ random: inout RandomSource) {
    let index = random.below(file.entries.count)
    let values = file.entries[index].values
    let special: [Float] = [
      .nan, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
      .leastNonzeroMagnitude, 0,
      -1, 1e30, -1e30, 1e10, -0.0,
    ]
    let one = special[random.below(special.count)]
    switch random.below(5) {
    case 0: file.entries[index].values[random.below(values.count)] = one
    case 1: file.entries[index].values = values.map { _ in one }
    case 2:
      let scale = Float(pow(10, Double(random.below(60) - 20)))
      file.entries[index].values = values.map { $0 * scale }
    case 3: file.entries[index].values = values.map { -$0 }
    default: file.entries[index].values = values.reversed()
    }
  }

  private static func spoiled(_ header: Data, _ random: inout RandomSource) -> Data {
    var spoiled = header
    let place = random.below(header.count)
    switch random.below(5) {
    case 0: spoiled = Data(header.prefix(place))
    case 1:
      let depth = 1 + random.below(100_000)
      spoiled.insert(contentsOf: [UInt8](repeating: UInt8(ascii: "["), count: depth), at: place)
    case 2: spoiled.append(contentsOf: Data(",{}".utf8))
    case 3: spoiled[place] = UInt8(random.below(256))
    default: spoiled = Data(String(repeating: "[", count: 1 + random.below(100_000)).utf8)
    }
    return spoiled
  }
}

extension RandomSource {
  /// A whole number from 0 on, below `limit`.
  mutating func below(_ limit: Int) -> Int { Int(uniform() * Double(limit)) }
}
