import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ApiErrors, type DocumentedError } from '../common/http/api-errors.js';
import { AcceptsTokens } from '../common/http/caller.js';
import { PageQuery } from '../common/http/page-query.js';
import { toAccountAnswer, toAccountListAnswer, toAccountWithTokenAnswer } from './account.views.js';
import { AccountsService } from './accounts.service.js';
import { AccountAnswerDto } from './dto/account-answer.dto.js';
import { AccountDeletedAnswerDto } from './dto/account-deleted-answer.dto.js';
import { AccountListAnswerDto } from './dto/account-list-answer.dto.js';
import { AccountWithTokenAnswerDto } from './dto/account-with-token-answer.dto.js';
import { AccountChangesDto, NewAccountDto } from './dto/account-requests.dto.js';

const NOT_FOUND: DocumentedError = { status: 404, code: 'account_not_found', message: 'Account not found' };
const NAME_REQUIRED: DocumentedError = {
  status: 400,
  code: 'account_name_required',
  message: 'Account name is required',
};
const NAME_TAKEN: DocumentedError = {
  status: 409,
  code: 'account_name_taken',
  message: 'Account name already exists',
};
const INVALID_QUERY: DocumentedError = {
  status: 400,
  code: 'invalid_query',
  message: 'Invalid query: limit must be a whole number from 1 to 200',
  when: 'a parameter cannot be used; the message names it',
};
const INVALID_LIMIT: DocumentedError = {
  status: 400,
  code: 'invalid_body',
  message: 'Invalid request body: instanceLimit must be an integer number',
  when: 'not JSON, not an object, or a field of the wrong type; the message names the field',
};

const AccountParam = () =>
  ApiParam({ name: 'account', description: 'Name or id of the account', example: 'acme' });

@ApiTags('Accounts')
@AcceptsTokens('admin')
@Controller('account')
export class AccountsController {
  constructor(private readonly accounts: AccountsService) {}

  @Post('new')
  @ApiOperation({ summary: 'Create an account', description: 'Its token is in the answer, this once.' })
  @ApiResponse({ status: 201, description: 'Created', type: AccountWithTokenAnswerDto })
  @ApiErrors(NAME_REQUIRED, INVALID_LIMIT, NAME_TAKEN)
  async create(@Body() body: NewAccountDto): Promise<AccountWithTokenAnswerDto> {
    const { name, instanceLimit = null, rateLimitPerMinute = null } = body;
    const made = await this.accounts.create({ name, instanceLimit, rateLimitPerMinute });
    return toAccountWithTokenAnswer('Account created', made);
  }

  @Get('list')
  @ApiOperation({ summary: 'List all accounts', description: 'By name, in pages.' })
  @ApiResponse({ status: 200, description: 'A page of accounts', type: AccountListAnswerDto })
  @ApiErrors(INVALID_QUERY)
  async list(@Query() query: PageQuery): Promise<AccountListAnswerDto> {
    return toAccountListAnswer(await this.accounts.list(query.toPage()));
  }

  @Post('rotateToken/:account')
  @HttpCode(200)
  @AccountParam()
  @ApiOperation({
    summary: 'Give an account a new token',
    description: 'The earlier token stops working at once.',
  })
  @ApiResponse({ status: 200, description: 'The new token', type: AccountWithTokenAnswerDto })
  @ApiErrors(NOT_FOUND)
  async rotateToken(@Param('account') account: string): Promise<AccountWithTokenAnswerDto> {
    return toAccountWithTokenAnswer('Account token rotated', await this.accounts.rotateToken(account));
  }

  @Post('update/:account')
  @HttpCode(200)
  @AccountParam()
  @ApiOperation({ summary: 'Change the limits of an account, disable or enable it' })
  @ApiResponse({ status: 200, description: 'The account as it is now', type: AccountAnswerDto })
  @ApiErrors(INVALID_LIMIT, NOT_FOUND)
  async update(
    @Param('account') account: string,
    @Body() body: AccountChangesDto,
  ): Promise<AccountAnswerDto> {
    return toAccountAnswer('Account updated', await this.accounts.update(account, body));
  }

  @Delete('delete/:account')
  @AccountParam()
  @ApiOperation({
    summary: 'Delete an account',
    description: 'With all its instances, calls and tokens. Its phones are unlinked first.',
  })
  @ApiResponse({ status: 200, description: 'Deleted', type: AccountDeletedAnswerDto })
  @ApiErrors(NOT_FOUND)
  async delete(@Param('account') account: string): Promise<AccountDeletedAnswerDto> {
    await this.accounts.delete(account);
    return { success: true, message: 'Account deleted', account: { status: 'deleted' } };
  }
}
