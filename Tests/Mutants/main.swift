// mutants model|checkpoint|greedy COUNT SEED
//
// Reads COUNT variants of a small file, and uses those that load. A line each, written before and completed after, so
// that the last one tells which variant ended the process:
//
//     INDEX <tab> MUTATION <tab> used|refused|failed <tab> REASON
//
// refused: not loaded; failed: loaded, and use threw. While a variant loads, the process may take twice the file and
// `slack` more than it has, and a larger allocation ends it.
import Foundation
import ScoreModel

/// What allocators, caches and decoders of a file of any size may take, bytes.
let slack = 48 << 20
let path = "mutant.safetensors"
/// Whether a variant is being loaded.
nonisolated(unsafe) var isLimited = false

/// Bytes of address space in use.
func addressSpace() -> Int {
  let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
  return (text.split(separator: " ").first.flatMap { Int($0) } ?? 0) * Int(getpagesize())
}

func limitAddressSpace(to bytes: Int?) {
  var limit = rlimit()
  _ = getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
  isLimited = bytes != nil
  limit.rlim_cur = bytes.map { rlim_t($0) } ?? limit.rlim_max
  _ = setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
}

func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

func line(_ error: any Error) -> String {
  "\(error)".replacing("\n", with: " ").replacing("\t", with: " ")
}

func run<S: Subject>(_: S.Type, count: Int, seed: UInt64) throws {
  let original = try S.original()
  // The file in order loads and is of use: what is refused below is refused for what was done to it.
  for index in 0..<4 { try S(original, path: path).use(index) }
  let mutator = Mutator(try LooseFile(original, key: S.key), seed: seed)
  for index in 0..<count {
    let (kind, bytes) = mutator.variant(index)
    write("\(index)\t\(kind.rawValue)")
    limitAddressSpace(to: addressSpace() + 2 * bytes.count + slack)
    let loaded = Result { try S(try SafeTensors(bytes: bytes, path: path), path: path) }
    limitAddressSpace(to: nil)
    switch loaded {
    case .failure(let error): write("\trefused\t\(line(error))\n")
    case .success(let subject):
      do {
        try subject.use(index / Mutation.allCases.count)
        write("\tused\t\n")
      } catch { write("\tfailed\t\(line(error))\n") }
    }
  }
}

let arguments = CommandLine.arguments
guard arguments.count == 4, let count = Int(arguments[2]), let seed = UInt64(arguments[3]) else {
  FileHandle.standardError.write(Data("usage: mutants model|checkpoint|greedy COUNT SEED\n".utf8))
  exit(64)
}
switch arguments[1] {
case "model": try run(ModelSubject.self, count: count, seed: seed)
case "checkpoint": try run(CheckpointSubject.self, count: count, seed: seed)
default: try run(GreedySubject.self, count: count, seed: seed)
}
