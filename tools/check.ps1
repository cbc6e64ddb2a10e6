# SPDX-License-Identifier: Apache-2.0
#
# Builds everything on Windows and runs all tests that there are for it, with what it finds there: gcc of mingw-w64, CMake,
# Ninja, Python 3 and Go. docs/windows.md says what a first run has to look at.
#
#   powershell -ExecutionPolicy Bypass -File tools\check.ps1 [-Jobs N] [SUITE...]
#
# A suite is a label of ctest; all of them unless some are named. Each has a log in build\check. Runs in Windows PowerShell
# 5.1 and in PowerShell 7.
[CmdletBinding()]
param(
  [int]$Jobs = [Environment]::ProcessorCount,
  [Parameter(ValueFromRemainingArguments = $true)][string[]]$Suites = @()
)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

$root = Split-Path -Parent $PSScriptRoot
$build = Join-Path $root 'build\windows'
$logs = Join-Path $root 'build\check'
$oldestCMake = [version]'3.25'

function Stop-Check([string]$Why) {
  Write-Host "check: $Why" -ForegroundColor Red
  exit 2
}

# Runs a program with its output in a log, and answers with its exit code. By the command interpreter, and that as a process
# of our own: this shell would take each line on standard error for an error, and each of its versions quotes otherwise.
function Invoke-Logged([string]$Log, [string[]]$Command) {
  $line = ($Command | ForEach-Object { '"' + $_ + '"' }) -join ' '
  $start = New-Object Diagnostics.ProcessStartInfo
  $start.FileName = $env:ComSpec
  $start.Arguments = '/d /s /c "' + $line + ' > "' + $Log + '" 2>&1"'
  $start.WorkingDirectory = $root
  $start.UseShellExecute = $false
  $process = [Diagnostics.Process]::Start($start)
  $process.WaitForExit()
  return $process.ExitCode
}

# ---- what is needed --------------------------------------------------------------------------------------------------

# MSYS2 is not on the path of a plain shell.
function Add-Msys2 {
  if (Get-Command gcc -ErrorAction SilentlyContinue) { return }
  foreach ($top in @('C:\msys64', (Join-Path $env:USERPROFILE 'msys64'))) {
    foreach ($kind in @('ucrt64', 'mingw64')) {
      $folder = Join-Path $top "$kind\bin"
      if (Test-Path (Join-Path $folder 'gcc.exe')) {
        $env:PATH = "$folder;$env:PATH"
        return
      }
    }
  }
}

# The first of these commands that is there and answers.
function Find-Program([string[]]$Names, [string[]]$Question) {
  foreach ($name in $Names) {
    foreach ($found in @(Get-Command $name -CommandType Application -All -ErrorAction SilentlyContinue)) {
      # A name may stand for an advertisement of the store only; that fails when it is asked.
      $answer = Join-Path $logs "found-$name.log"
      if ((Invoke-Logged $answer (@($found.Source) + $Question)) -eq 0) {
        return @{ Path = $found.Source; Answer = (Get-Content $answer -TotalCount 1) }
      }
    }
  }
  return $null
}

function Find-Needed {
  $needed = [ordered]@{
    'gcc'    = @{ Names = @('gcc'); Question = @('-dumpmachine'); From = 'MSYS2: pacman -S mingw-w64-ucrt-x86_64-gcc' }
    'cmake'  = @{ Names = @('cmake'); Question = @('--version'); From = 'MSYS2: pacman -S mingw-w64-ucrt-x86_64-cmake' }
    'ctest'  = @{ Names = @('ctest'); Question = @('--version'); From = 'with CMake' }
    'ninja'  = @{ Names = @('ninja'); Question = @('--version'); From = 'MSYS2: pacman -S mingw-w64-ucrt-x86_64-ninja' }
    'python' = @{ Names = @('python3', 'python'); Question = @('-c', 'import sys; print(sys.version); sys.exit(sys.version_info < (3, 8))')
                  From = 'Python 3.8 or later for Windows, or MSYS2: pacman -S mingw-w64-ucrt-x86_64-python' }
    'go'     = @{ Names = @('go'); Question = @('version'); From = 'Go 1.23 or later for Windows, or MSYS2: pacman -S mingw-w64-ucrt-x86_64-go' }
  }
  $found = @{}
  $missing = @()
  foreach ($what in $needed.Keys) {
    $one = $needed[$what]
    $program = Find-Program $one.Names $one.Question
    if ($program) {
      $found[$what] = $program
      Write-Host ('{0,-8} {1,-60} {2}' -f $what, $program.Path, $program.Answer)
    } else {
      $missing += "  $what ($($one.From))"
    }
  }
  if ($missing.Count -gt 0) { Stop-Check ("not found:`n" + ($missing -join "`n")) }
  return $found
}

function Assert-Fit($Found) {
  if ($Found['gcc'].Answer -ne 'x86_64-w64-mingw32') {
    Stop-Check "$($Found['gcc'].Path) builds for $($Found['gcc'].Answer), not for x86_64-w64-mingw32 (MSYS2's own gcc is not the one)"
  }
  if ($Found['cmake'].Answer -notmatch '(\d+\.\d+)' -or [version]$Matches[1] -lt $oldestCMake) {
    Stop-Check "$($Found['cmake'].Path) is $($Found['cmake'].Answer), older than $oldestCMake"
  }
  # Plugins are refused where others may write, as by its inherited list a folder just below a drive's root lets them.
  if (-not $root.StartsWith($env:USERPROFILE, [StringComparison]::OrdinalIgnoreCase)) {
    Write-Host "note: $root is not in $env:USERPROFILE; if plugins are refused, the message names who may write there" -ForegroundColor Yellow
  }
}

# ---- the suites ------------------------------------------------------------------------------------------------------

function Invoke-Step([string]$Name, [string[]]$Command) {
  $log = Join-Path $logs "$Name.log"
  $clock = [Diagnostics.Stopwatch]::StartNew()
  $code = Invoke-Logged $log $Command
  if ($code -ne 0) {
    Write-Host "-- the end of ${log}:"
    Get-Content $log -Tail 80 | Write-Host
  }
  return [pscustomobject]@{ Suite = $Name; Result = $(if ($code -eq 0) { 'passed' } else { 'FAILED' })
                            Seconds = [int]$clock.Elapsed.TotalSeconds; Summary = Get-Summary $log }
}

# What ctest says of all its tests, and which failed.
function Get-Summary([string]$Log) {
  $lines = @(Select-String -Path $Log -Pattern 'tests passed', '^\s+\d+ - \S+ \(' | ForEach-Object { $_.Line.Trim() })
  return $lines -join '; '
}

function Get-Labels($Ctest) {
  $log = Join-Path $logs 'labels.log'
  if ((Invoke-Logged $log @($Ctest, '--preset', 'windows', '--print-labels')) -ne 0) { Stop-Check "ctest has no labels: see $log" }
  return @(Get-Content $log | Where-Object { $_ -match '^\s+(\S+)$' } | ForEach-Object { $_.Trim() })
}

New-Item -ItemType Directory -Force $logs | Out-Null
Set-Location $root
Add-Msys2
$found = Find-Needed
Assert-Fit $found
$ctest = $found['ctest'].Path
# Where Go's own programs are looked for, and the compiler's libraries, also by what the tests start.
$env:PATH = (Split-Path -Parent $found['gcc'].Path) + ';' + (Split-Path -Parent $found['go'].Path) + ';' + $env:PATH

$table = @()
$steps = [ordered]@{
  'configure' = @($found['cmake'].Path, '--preset', 'windows', "-DHAWSER_PYTHON=$($found['python'].Path)")
  'build'     = @($found['cmake'].Path, '--build', '--preset', 'windows', '-j', "$Jobs")
}
foreach ($step in $steps.Keys) {
  Write-Host "== $step"
  $row = Invoke-Step $step $steps[$step]
  $table += $row
  if ($row.Result -ne 'passed') { exit 1 }
}

$labels = Get-Labels $ctest
foreach ($suite in $Suites) {
  if ($labels -notcontains $suite) { Stop-Check "'$suite' is no suite; there are $($labels -join ', ')" }
}
if ($Suites.Count -gt 0) { $labels = $Suites }
foreach ($label in $labels) {
  Write-Host "== $label"
  $row = Invoke-Step $label @($ctest, '--preset', 'windows', '-j', "$Jobs", '-L', "^$label`$")
  Write-Host "   $($row.Summary)"
  $table += $row
}

$table | Format-Table -AutoSize -Property @('Suite', 'Result', 'Seconds', 'Summary') | Out-String -Width 200 | Write-Host
if (@($table | Where-Object { $_.Result -ne 'passed' }).Count -gt 0) { exit 1 }
exit 0
